"""A model for labels on loopback: an HTTP server that answers as it is told, and Rekognition."""

import json

from servers.posts import PostServer

FOX = b'{"labels": [{"name": "Fox", "score": 0.93}, {"name": "grass", "score": 0.2}]}'


class Model(PostServer):
    """Within a `with` block it listens at `url`; `got` are (path, headers, body) of each POST.

    `answer(handler, number)` answers a request; by default with `body` and `status`.
    """

    def __init__(self):
        super().__init__()
        self.url += "/labels"
        self.got = []
        self.body, self.status = FOX, 200
        self.answer = self.plain

    def take(self, request, body):
        self.got.append((request.path, dict(request.headers), body))
        self.answer(request, len(self.got))

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
