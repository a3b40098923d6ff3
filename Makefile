# 连心册. `make help` lists what there is; the work is done by the scripts in .make/.
DATA ?= ./data/demo
PORT ?= 8600
SEEDS ?= 1000
SECONDS ?= 600
KILLS ?= 200
BROWSER_KILLS ?= 20
SOAK ?= 1200
TARGET := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
export PATH := $(PATH):$(abspath $(TARGET))/tools/bin

.DEFAULT_GOAL := help
.PHONY: help run demo-reset web web-dev desktop android-check test sim bench faults fuzz fmt

help: ## 这一页
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## 装齐、编译、启动演示乡镇（PORT=8600 DATA=./data/demo）
	@.make/run.sh "$(DATA)" "$(PORT)"

demo-reset: ## 删掉演示乡镇，下次 make run 从头来
	@.make/demo-reset.sh "$(DATA)"

web: ## 只编译手机端网页包到 target/web
	@.make/setup.sh web
	@.make/web.sh release

web-dev: ## 同上，快速编译，供开发用
	@.make/setup.sh web
	@.make/web.sh dev

desktop: ## 打开同一个手机端的桌面窗口
	@.make/desktop.sh

android-check: ## 按安卓检查手机端（只检查类型，不出安装包）
	@.make/android-check.sh

test: ## 全部检查与测试，同持续集成
	@.ci/run

sim: ## 模拟器：多台手机、断网、崩溃、断电、磁盘满（SEEDS=1000，重放一个：SEED=7）
	cargo run --locked --release --package lianxin-tests --bin sim -- --seeds $(SEEDS) $(if $(SEED),--seed $(SEED))

bench: ## 速度指标，每项一行 JSON（INPUT=走访记录.jsonl；需要浏览器）
	@.make/setup.sh web
	@.make/setup.sh test
	@.make/web.sh release
	cargo build --locked --release --package lianxin-server
	cargo run --locked --release --package lianxin-tests --bin bench -- $(if $(INPUT),--input $(INPUT)) --web $(TARGET)/web

faults: ## 真的杀进程、写满磁盘、杀浏览器，线路又断又慢又出错（KILLS=200 SOAK=1200 秒 BROWSER_KILLS=20）
	@.make/setup.sh web
	@.make/setup.sh test
	@.make/web.sh release
	cargo build --locked --release --package lianxin-server
	cargo run --locked --release --package lianxin-tests --bin faults -- --kills $(KILLS) --soak-s $(SOAK) --browser-kills $(BROWSER_KILLS)

fuzz: ## 拿各种坏输入试：上报、户册导入、合并（SECONDS=600，每样这么久）
	BOLERO_RANDOM_TEST_TIME_MS=$$(( $(SECONDS) * 1000 )) cargo test --locked --release --package lianxin-tests --test fuzz

fmt: ## 排版
	cargo fmt --all
