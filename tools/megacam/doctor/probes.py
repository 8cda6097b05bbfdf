"""Probes that run on the board itself, with the firmware's own modules, one step at a time.

Each probe is a few lines of MicroPython that define `_probe()`; run() returns its result or
raises ProbeError. A probe can use what an earlier one left in memory, until the board is reset.
"""

import ast
from typing import Any

from megacam.board import overlays
from megacam.board.device import Device, RemoteError, RestartedError

_TIMEOUT_S = 90  # joining the Wi-Fi may take 70 s; a capture has 10 s


class ProbeError(Exception):
    """A probe failed: `kind` is the exception's class on the board, `code` its error code."""

    def __init__(self, kind: str, code: str, text: str):
        super().__init__(text)
        self.kind = kind
        self.code = code
        self.text = text


# Printed as one literal, so that an exception stays on one line whatever its text is. Afterwards
# the modules that were imported by name are unloaded: TLS needs the memory.
_RUN = f"""
def _run(f):
 try:print(repr((None,f())))
 except Exception as e:
  print(repr((type(e).__name__,str(getattr(e,'code',getattr(e,'reason',''))),str(e)+getattr(e,'seen',''))))
_run(_probe)
del _probe,_run
import gc,sys
for n in {sorted(overlays.AT_PROMPT)!r}:
 if sys.modules.pop(n,0):
  m,_,n=n.rpartition('.')
  delattr(sys.modules[m],n)
gc.collect()
"""

SETTINGS = """
def _probe():
 from firmware.settings import config
 s=config.load()
 return s['device'],s['s3'],s['camera']
"""
CAMERA = """
def _probe():
 global camera
 from arducam_mega import ArducamMega
 from firmware.start import board
 from firmware.settings import config
 s=config.load()
 camera=ArducamMega(*board.camera_bus(s['spi']))
 camera.reset()
 camera.configure(**s['camera'])
 return camera.id
"""
FRAME = """
def _probe():
 buf=bytearray(4092)
 from jpeg import JPEGBody
 camera.start()
 frame=camera.finish()
 try:
  body=JPEGBody(frame)
  n=0
  while n<body.size:
   got=body.readinto(buf)
   if not got:break
   n+=got
  return n
 finally:
  frame.close()
"""
WIFI = """
def _probe():
 import network
 from firmware.settings import config
 from firmware.network import join
 join.connect(config.load()['wifi'])
 w=network.WLAN(network.STA_IF)
 return w.ifconfig()[0],w.status('rssi')
"""
# As in firmware/start/build.py: the large buffer first, and one context with the roots only.
CLIENT = """
def _client():
 buf=bytearray(4092)
 from s3 import S3Client
 from https import tls_context
 from firmware import clock
 from firmware.start import board
 from firmware.settings import config
 from firmware import credentials
 key=credentials.load_key(buf)
 context=getattr(key,'context',None)or tls_context.client_context(board.roots())
 s=config.load()['s3']
 where=s['endpoint'] or None,s['path_style'],s['integrity']
 return S3Client(s['bucket'],s['region'],key,context,buf,clock.now,*where)
def _probe():
 global client
 client=_client()
 return client.host,client.region
"""
DNS = """
def _probe():
 import socket
 host,_,port=client.host.partition(':')
 try:
  socket.getaddrinfo(host,int(port or 443),0,socket.SOCK_STREAM)
 except OSError as e:
  from https import errors
  raise OSError(host+': '+errors.explain(e,'dns')[0])
 return host
"""
# A captive portal answers in place of a well-known page, and with another status.
PORTAL = """
def _probe():
 import socket
 from firmware.settings import config
 for url in config.load()['clock']['http_urls']:
  host,_,path=url[7:].partition('/')
  name,_,port=host.partition(':')
  s=socket.socket()
  try:
   s.settimeout(8)
   s.connect(socket.getaddrinfo(name,int(port or 80),0,socket.SOCK_STREAM)[0][-1])
   s.write(('GET /'+path+' HTTP/1.0\\r\\nHost: '+host+'\\r\\n\\r\\n').encode())
   status=int(s.readline().split()[1])
  except (OSError,ValueError,IndexError):
   continue
  finally:
   s.close()
  if 300<=status<400 or (status==200 and 'generate_204' in path):
   return name+' answers '+str(status)+' instead of its own page'
  return ''
 return ''
"""
CLOCK = """
def _probe():
 from firmware import clock
 from firmware.timing import set_clock
 from firmware.settings import config
 server=set_clock.sync(config.load()['clock'])
 return server,clock.now()
"""
TLS = """
def _probe():
 client.connect()
"""
PUT = """
def _probe():
 from s3.body import BytesBody
 from firmware import clock
 from firmware.settings import config
 key=config.load()['device']+'/megacam-doctor'
 text='megacam doctor: {}-{:02}-{:02} {:02}:{:02}:{:02} UTC'.format(*clock.fields(clock.now()))
 status,etag,sent=client.put(key,BytesBody(text.encode()),'text/plain',(),True)
 return key,status,client.region,client.skew_s,text
"""
KEY = """
def _probe():
 from firmware import credentials as c
 return c.load('iot')['id'] if c.has('iot') else c.load('aws')['id']
"""


def run(board: Device, probe: str) -> Any:
    """Run one probe and return its value; raises ProbeError, or DeviceError if the board fails."""
    try:
        out = board.exec(probe + _RUN, _TIMEOUT_S, on_line=lambda line: None)
    except RemoteError as error:
        raise ProbeError(error.kind, "", error.text) from None
    lines = [line for line in out.splitlines() if line.startswith("(")]
    if not lines:
        raise RestartedError("the board restarted by itself; look at `megacam logs`", False)
    answer = ast.literal_eval(lines[-1])
    if answer[0] is not None:
        raise ProbeError(*answer)
    return answer[1]
