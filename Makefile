# Everything that setting up, running and testing needs stays inside the checkout: see the exports below.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

UV_VERSION := 0.13.9
CACHE := $(CURDIR)/.cache
STAMPS := .cache/stamps
UV := .tools/bin/uv
BIN := .venv/bin

export UV_CACHE_DIR := $(CACHE)/uv
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv
export UV_PYTHON_PREFERENCE := only-system
export UV_NO_PROGRESS := 1
export PIP_NO_CACHE_DIR := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export npm_config_cache := $(CACHE)/npm
export npm_config_update_notifier := false
export XDG_CACHE_HOME := $(CACHE)/xdg
export XDG_DATA_HOME := $(CACHE)/xdg
export XDG_STATE_HOME := $(CACHE)/xdg
export TMPDIR := $(CACHE)/tmp
# pip asks rustc for its version, and that one may make files.
export RUSTUP_HOME := $(CACHE)/xdg/rustup

# Programs that insist on writing into the home directory (browsers, for one) get one of their own.
OWN_HOME := HOME=$(CACHE)/home

.PHONY: help
help: ## 显示这份帮助
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ------------------------------------------------------------------- run

.PHONY: demo
demo: $(STAMPS)/run $(STAMPS)/vendor ## 演示：启动整个系统，灌入真实公文和一年的脚本，列出发现的问题
	@$(BIN)/jianfu demo --with-parent $(if $(STAY),--stay)

.PHONY: up
up: $(STAMPS)/run $(STAMPS)/vendor ## 启动整个系统(数据在 .jianfu/)
	@$(BIN)/jianfu up --with-parent

# ------------------------------------------------------------------- test

.PHONY: test
test: $(STAMPS)/dev $(STAMPS)/vendor ## 运行全部测试，末尾说明哪些没有运行
	@$(OWN_HOME) $(BIN)/pytest -q -n 3 --dist loadfile --no-loadscope-reorder --session-timeout 1500 -m "not chaos"

.PHONY: test-again
test-again: $(STAMPS)/dev $(STAMPS)/vendor ## 把上次失败的几项测试再运行一遍：再次失败才算失败，否则指名为不稳定
	@$(OWN_HOME) $(BIN)/python -m tests.again

.PHONY: chaos-short
chaos-short: $(STAMPS)/dev $(STAMPS)/vendor ## 破坏性试验的短形式：杀进程、停服务器、写满磁盘、拨时钟、集群换主
	@$(OWN_HOME) $(BIN)/pytest -q --session-timeout 720 -m chaos

.PHONY: chaos
chaos: $(STAMPS)/dev $(STAMPS)/vendor ## 长时间杀进程试验：2 万件事件，60 次 kill -9
	@$(OWN_HOME) $(BIN)/python -m tests.system.kill --events 20000 --kills 60

.PHONY: outages
outages: $(STAMPS)/dev $(STAMPS)/vendor ## 每种故障持续一分钟：停服务器、写满磁盘、拨时钟、集群换主
	@$(OWN_HOME) JIANFU_OUTAGE_SECONDS=60 $(BIN)/pytest -q -m chaos tests/system/test_outage.py tests/system/test_cluster.py

.PHONY: bench
bench: $(STAMPS)/dev $(STAMPS)/vendor ## 性能：全部基准各五轮，列出数字、目标与上限之比(约半小时)
	@$(OWN_HOME) $(BIN)/python -m bench

.PHONY: bench-short
bench-short: $(STAMPS)/dev $(STAMPS)/vendor ## 性能：全部基准的短形式，只看能否运行
	@$(OWN_HOME) $(BIN)/python -m bench --rounds 1 --scale 0.05 || [ $$? = 1 ]

.PHONY: bench-counts
bench-counts: $(STAMPS)/dev ## 性能：语句、往返与字节的准确数目不得增加
	@$(BIN)/python -m bench.counts

.PHONY: bench-history
bench-history: $(STAMPS)/dev ## 性能：二十万与二百万条历史之下的同样数字(约半小时)
	@$(BIN)/python -m bench.history

.PHONY: oracle
oracle: $(STAMPS)/dev ## 对照试验：一万段随机历史，引擎的结果须与朴素算法完全一致(约十分钟)
	@$(BIN)/python -m tests.differential.run

.PHONY: fuzz-short
fuzz-short: $(STAMPS)/dev $(STAMPS)/vendor ## 敌意输入试验的短形式：几千个输入
	@$(OWN_HOME) $(BIN)/python -m tests.fuzz.run --inputs 3000 --examples 2 --roles 1

.PHONY: fuzz
fuzz: $(STAMPS)/dev $(STAMPS)/vendor ## 敌意输入试验：10 万个请求与文件，打印结果与内存
	@$(OWN_HOME) $(BIN)/python -m tests.fuzz.run --inputs 100000

.PHONY: check
check: lint types imports unused generated ## 全部静态检查

.PHONY: lint
lint: $(STAMPS)/dev ## 格式与代码规则(ruff)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .

.PHONY: types
types: $(STAMPS)/dev ## 类型(mypy --strict)
	@$(BIN)/mypy

.PHONY: imports
imports: $(STAMPS)/dev ## 谁可以引用谁(import-linter)
	@$(BIN)/lint-imports

.PHONY: unused
unused: $(STAMPS)/dev ## 没有用到的代码与依赖(vulture、deptry)
	@$(BIN)/python -m tests.architecture.unused
	@$(BIN)/deptry .

.PHONY: generated
generated: $(STAMPS)/dev ## 生成的文件是否最新
	@$(BIN)/python -m contracts.generate --check
	@$(BIN)/python -m services.monitor.rules_table --check
	@$(BIN)/python -m deploy.access --check

.PHONY: format
format: $(STAMPS)/dev ## 整理代码格式
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: browser-deps
browser-deps: ## 安装浏览器测试所需的 Debian 软件包(需要 root 或 sudo)
	@as_root=""; [ "$$(id -u)" = 0 ] || as_root=sudo; \
	$$as_root apt-get update -q && $$as_root apt-get install -q -y --no-install-recommends chromium fonts-noto-cjk

# ------------------------------------------------------------------- set up

.PHONY: setup
setup: $(STAMPS)/dev $(STAMPS)/vendor ## 只做准备(开发环境)

.PHONY: clean
clean: ## 删除准备时装的和测试留下的;保留 .jianfu/ 里的数据
	@rm -rf .venv .tools .cache node_modules services/console/static/vendor .hypothesis \
	  .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	@find contracts kit services deploy tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(UV):
	@command -v python3 >/dev/null || { echo "需要 python3(3.11 或更新)。"; exit 1; }
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "python3 版本太旧,需要 3.11 或更新。"; exit 1; }
	@echo "正在准备 Python 环境……"
	@mkdir -p $(TMPDIR) $(CACHE)/home $(STAMPS)
	@python3 -m venv .tools || { echo "建不了虚拟环境。在 Debian 上请先安装 python3-venv。"; rm -rf .tools; exit 1; }
	@.tools/bin/python -m pip install -q --no-compile "uv==$(UV_VERSION)"

# What running needs. A development environment has all of it and more, and is left as it is.
$(STAMPS)/run: uv.lock pyproject.toml | $(UV)
	@mkdir -p $(@D) $(TMPDIR) $(CACHE)/home
	@$(UV) sync -q --frozen --no-dev --inexact --compile-bytecode
	@touch $@

$(STAMPS)/dev: uv.lock pyproject.toml | $(UV)
	@mkdir -p $(@D) $(TMPDIR) $(CACHE)/home
	@$(UV) sync -q --frozen --compile-bytecode
	@touch $@ $(STAMPS)/run

$(STAMPS)/vendor: package-lock.json deploy/vendor.sha256 | $(STAMPS)/run
	@node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || { echo "需要 node(20 或更新)。"; exit 1; }
	@npm ci --silent --ignore-scripts --no-audit --no-fund
	@$(BIN)/python -m deploy.vendor
	@touch $@
