"""One shot: when it is due, the camera, the photo's name, number and metadata."""
