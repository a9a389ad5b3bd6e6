# make demo and make test need python3 (3.11 to 3.13), make and the package index.
PYTHON ?= python3
# Another package index to look for PyTorch in, such as
# TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
# A file's tests share what they have trained, so a file goes to one process.
PYTEST := python -m pytest -q -n auto --maxprocesses 4 --dist loadfile
# With COVERAGE=yes the tests say at the end which share of the lines they ran.
COVERAGE ?=
COVER := $(if $(COVERAGE),--cov=layers --cov=runtime --cov=apps --cov-report=)
# The folder of public data sets that the benchmarks read.
DATA ?= data

VENV := .venv
EXTRAS := browser,demo,jax,languages,test
# The newest Python that we support.
NEWEST ?= python3.13
NEWEST_VENV := .venv-newest
# A Python that the oldest packages have wheels for.
OLDEST ?= python3.11
OLDEST_VENV := .venv-oldest
# Further options of pip, such as constraints.
PIP_OPTIONS ?=
BIN := $(VENV)/bin
# A model that the repository ships, and the demo's own runs.
LANGUAGES := saved_models/language-identifier
DATES := demo/dates
CO2 := demo/co2
MYPY_ROOT := .cache/mypy-root
STAMP := $(VENV)/.installed

.PHONY: demo test test-backends test-newest test-oldest check format bench clean
.DELETE_ON_ERROR:

# An older build/ would ship modules that are gone.
$(STAMP): setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	  || { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=python3.12"; exit 1; }
	rm -rf build
	$(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV): about 1.5 GB the first time."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_OPTIONS) -e '.[$(EXTRAS)]'
	@touch $@

demo: $(STAMP)
	$(BIN)/polyhead predict $(LANGUAGES) --engine tflite --top-k 2 \
	  "Das Wetter ist heute schön" "Where is the station?" "¿Qué hora es?" \
	  "КАКАЯ СЕГОДНЯ ПОГОДА?" "今日はいい天気ですね。" "Dziękuję bardzo" "12345"
	$(BIN)/polyhead train translation --dataset dates --run $(DATES) \
	  --epochs 3 --config benchmarks/configs/dates.json --overwrite
	$(BIN)/polyhead export $(DATES) --variants int8
	$(BIN)/polyhead predict $(DATES) --engine tflite \
	  "jeudi 5 mars 1998" "5 March 2031" "2024年7月14日日曜日" "donderdag 1 januari 1970"
	$(BIN)/polyhead train forecasting --dataset co2 --run $(CO2) \
	  --look-back 156 --horizon 52 --overwrite
	$(BIN)/polyhead export $(CO2) --variants int8
	$(BIN)/polyhead predict $(CO2) --engine tflite

test: $(STAMP)
	@echo "== the whole suite on TensorFlow"
	KERAS_BACKEND=tensorflow $(BIN)/$(PYTEST) $(COVER)
	@$(if $(COVERAGE),echo "lines covered: $$($(BIN)/coverage report --format=total)%")
	@echo "== the layers on JAX"
	KERAS_BACKEND=jax $(BIN)/$(PYTEST) --dist load tests/layers

test-backends: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) torch==2.13.0
	@echo "== the layers on PyTorch"
	KERAS_BACKEND=torch $(BIN)/$(PYTEST) --dist load tests/layers

# In an environment of its own, with the newest packages that pip finds for that Python.
test-newest:
	$(MAKE) VENV=$(NEWEST_VENV) PYTHON=$(NEWEST) EXTRAS=demo,jax,test $(NEWEST_VENV)/.installed
	@echo "== forecasting on TensorFlow, with $(NEWEST)"
	KERAS_BACKEND=tensorflow $(NEWEST_VENV)/bin/$(PYTEST) $(addprefix tests/apps/forecasting/, \
	  series scoring networks test_data.py test_forecasting.py)
	@echo "== the layers on JAX, with $(NEWEST)"
	KERAS_BACKEND=jax $(NEWEST_VENV)/bin/$(PYTEST) --dist load tests/layers

# By hand: in an environment of its own, with the oldest packages that setup.cfg allows.
# On some AMD processors the oneDNN of TensorFlow 2.18 computes half of a batch wrong.
test-oldest:
	$(MAKE) VENV=$(OLDEST_VENV) PYTHON=$(OLDEST) EXTRAS=demo,test \
	  PIP_OPTIONS="-c tests/oldest.txt" $(OLDEST_VENV)/.installed
	@echo "== the layers and a small run of each app on TensorFlow, with the oldest packages"
	TF_ENABLE_ONEDNN_OPTS=0 KERAS_BACKEND=tensorflow $(OLDEST_VENV)/bin/$(PYTEST) tests/layers tests/runtime \
	  tests/packaging/test_oldest_runtime.py $(addprefix tests/apps/, \
	  text_classification/test_text_classification.py translation/test_translation.py \
	  forecasting/test_forecasting.py)

# mypy cannot follow an editable install, so it is shown a folder with polyhead in it.
check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	mkdir -p $(MYPY_ROOT) && ln -sfn "$(CURDIR)" $(MYPY_ROOT)/polyhead
	MYPYPATH=$(MYPY_ROOT) $(BIN)/mypy -p polyhead.layers -p polyhead.runtime -p polyhead.apps

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench]'
	$(BIN)/python benchmarks/text_classification.py --data $(DATA)
	$(BIN)/python benchmarks/translation.py --data $(DATA)
	$(BIN)/python benchmarks/forecasting.py --data $(DATA)

clean:
	rm -rf $(VENV) $(NEWEST_VENV) $(OLDEST_VENV) demo .cache build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
