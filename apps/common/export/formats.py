"""The formats in which a run of any task can be exported."""

DEFAULT_FORMATS = ("savedmodel", "tflite")
VARIANTS = ("float32", "float16", "int8", "full_int8")  # of a .tflite file
DEFAULT_VARIANTS = ("float32", "float16", "int8")
