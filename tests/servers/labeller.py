"""A model for labels on loopback: an HTTP server that answers as it is told, and Rekognition."""

import http.server
import json
import threading

FOX = b'{"labels": [{"name": "Fox", "score": 0.93}, {"name": "grass", "score": 0.2}]}'


class Model:
    """Within a `with` block it listens at `url`; `got` are (path, headers, body) of each POST.

    `answer(handler, number)` answers a request; by default with `body` and `status`.
    """

    def __init__(self):
        self.got = []
        self.body, self.status = FOX, 200
        self.answer = self.plain
        self.ends = threading.Event()
        model = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                model.got.append((self.path, dict(self.headers), body))
                model.answer(self, len(model.got))

            def log_message(self, *args):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None
        self.url = f"http://127.0.0.1:{self._server.server_port}/labels"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def plain(self, handler, number):
        handler.send_response(self.status)
        handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", str(len(self.body)))
        handler.end_headers()
        handler.wfile.write(self.body)

    def silent(self, handler, number):
        """Take the photo and say nothing."""
        self.ends.wait(60)

    def dripping(self, handler, number):
        """Send a byte now and then, so that no time-out of a socket ends it."""
        handler.send_response(200)
        handler.end_headers()
        while not self.ends.wait(0.02):
            handler.wfile.write(b" ")

    def rekognition(self, handler, number):
        """Answer as https://docs.aws.amazon.com/rekognition/latest/APIReference/API_DetectLabels.html."""
        assert handler.headers["X-Amz-Target"] == "RekognitionService.DetectLabels"
        found = [{"Name": "Fox", "Confidence": 93.25, "Parents": [{"Name": "Animal"}]},
                 {"Name": "Animal", "Confidence": 99.0}]  # fmt: skip
        self.body = json.dumps({"Labels": found, "LabelModelVersion": "3.0"}).encode()
        self.plain(handler, number)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc):
        self.ends.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
