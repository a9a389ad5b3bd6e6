"""What `export` can write of a run of any task."""

DEFAULT_FORMATS = ("savedmodel", "tflite")
VARIANTS = ("float32", "float16", "int8", "full_int8")  # of a .tflite
DEFAULT_VARIANTS = ("float32", "float16", "int8")
