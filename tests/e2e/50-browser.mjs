#!/usr/bin/env node
// The console in a real browser, headless: the first administrator sets up the desk, an incident arrives on the open
// page without a reload, is taken by a click and closed; a judgement is reviewed by a click or in the fold; every page is looked at wide and narrow, light and dark, with
// no error and no violation of the content security policy; and no text of a post ever becomes more than text.
//
// Environment as tests/run gives it: MINSHENG_BIN, E2E_DIR, NODE_PATH with playwright-core. Screenshots: E2E_DIR/shots.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const { chromium } = createRequire(import.meta.url)("playwright-core");

const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const SHARED = process.env.MINSHENG_SHARED || join(dirname(REPOSITORY), "shared");
const BIN = process.env.MINSHENG_BIN || join(process.env.CARGO_TARGET_DIR || join(REPOSITORY, "target"), "debug/minsheng");
const DIRECTORY = process.env.E2E_DIR || mkdtempSync(join(tmpdir(), "ms-e2e."));
const SHOTS = join(DIRECTORY, "shots");
const SOON = 30_000;
const NAME = "wang.fang";
const PASSWORD = "correct horse battery";

const ALARM = "云锦苑三号楼起火，浓烟滚滚，有人被困在三楼，已经报警";
const RULES = `
[[rule]]
name = "grave-post"
title = "重大单帖"
when = { post = "orange" }
group_by = ["source"]
`;
const HOSTILE = [
  "<script>document.documentElement.dataset.xss=1</script>",
  "<img src=x onerror=document.documentElement.dataset.xss=2>",
  "\"><svg/onload=document.documentElement.dataset.xss=3>",
  "' autofocus onfocus=document.documentElement.dataset.xss=4 x='",
  "</title></textarea></script><script>document.documentElement.dataset.xss=5</script>",
  "{{constructor.constructor('document.documentElement.dataset.xss=6')()}}",
  "<div hx-get=/login hx-trigger=load hx-on:htmx:load=document.documentElement.dataset.xss=7>",
  "<a href=\"javascript:document.documentElement.dataset.xss=8\" id=xclick>点</a>",
  "javascript:document.documentElement.dataset.xss=9",
  "\u2028</li><iframe srcdoc='<script>parent.document.documentElement.dataset.xss=10</script>'>",
];

// --- cases ------------------------------------------------------------------------------------------------------

let failed = 0;

async function check(name, work) {
  const began = Date.now();
  try {
    await work();
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    const said = String(error?.message ?? error).replace(/\x1b\[[0-9;]*m/g, "").replace(/\s+/g, " ").slice(0, 500);
    console.log(`not ok ${name}: ${said}`);
    console.error(error?.stack);
  }
  console.error(`# ${name}: ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

function assert(condition, said) {
  if (!condition) throw new Error(said);
}

function same(found, expected, what) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  assert(a === b, `${what}: expected ${b}, found ${a}`);
}

async function waitFor(what, probe, deadline = SOON) {
  const until = Date.now() + deadline;
  let seen;
  for (;;) {
    seen = await probe();
    if (seen) return seen;
    assert(Date.now() < until, `waited ${deadline / 1000} s for ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

// --- the daemon -------------------------------------------------------------------------------------------------

class Daemon {
  constructor(name) {
    this.home = join(DIRECTORY, name);
    const config = join(this.home, "config");
    mkdirSync(join(config, "sources"), { recursive: true });
    writeFileSync(join(config, "minsheng.toml"), '[web]\nlisten = "127.0.0.1:0"\n');
    writeFileSync(join(config, "rules.toml"), RULES);
    writeFileSync(join(config, "receivers.toml"), "");
    writeFileSync(join(config, "departments.toml"), readFileSync(join(REPOSITORY, "config/departments.toml")));
    this.places = ["--data", join(this.home, "data"), "--config", config, "--dictionaries", join(REPOSITORY, "dictionaries")];
    this.said = "";
    this.log = "";
  }

  async start() {
    this.process = spawn(BIN, [...this.places, "serve"], { stdio: ["ignore", "pipe", "pipe"] });
    this.process.stdout.on("data", (bytes) => (this.said += bytes));
    this.process.stderr.on("data", (bytes) => (this.log += bytes));
    this.ended = new Promise((done) => this.process.on("exit", done));
    const ready = async () => {
      assert(this.process.exitCode === null, `the daemon ended: ${this.log.slice(-1500)}`);
      this.url = /^Console: (http:\/\/[^/\s]+)/m.exec(this.said)?.[1];
      return this.url && (await fetch(`${this.url}/readyz`).catch(() => null))?.ok;
    };
    await waitFor("readyz", ready, 60_000);
    this.code = /with this code[^\n]*\n\s*\n\s+(\S+)/.exec(this.said)?.[1];
  }

  cli(...words) {
    const done = spawnSync(BIN, [...this.places, ...words], { encoding: "utf8", timeout: 60_000 });
    assert(done.status === 0, `${words[0]} ended with ${done.status}: ${done.stderr}`);
    return done.stdout;
  }

  /** Posts by the command line, as a gateway brings them. */
  ingest(posts) {
    const file = join(this.home, "posts.jsonl");
    writeFileSync(file, posts.map((post) => JSON.stringify(post) + "\n").join(""));
    return this.cli("ingest", file, "--json");
  }

  async stop() {
    this.process.kill("SIGTERM");
    same(await this.ended, 0, "exit status");
  }
}

// --- the browser ------------------------------------------------------------------------------------------------

/** A browser of its own with what went wrong in it. */
class Visitor {
  static async make(browser, url, options = {}) {
    const visitor = new Visitor();
    visitor.faults = [];
    visitor.url = url;
    visitor.context = await browser.newContext({ locale: "zh-CN", timezoneId: "Asia/Shanghai", viewport: { width: 1280, height: 800 }, ...options });
    visitor.context.setDefaultTimeout(SOON);
    if (options.javaScriptEnabled !== false) {
      await visitor.context.addInitScript(() => {
        addEventListener("securitypolicyviolation", (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
      });
    }
    visitor.page = await visitor.open();
    return visitor;
  }

  async open() {
    const page = await this.context.newPage();
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.faults.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    });
    page.on("pageerror", (error) => this.faults.push(`page error: ${error.message}`));
    page.on("dialog", (dialog) => {
      this.faults.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(this.url)) this.faults.push(`asked another site: ${request.url()}`);
    });
    return page;
  }

  async go(path, status = 200) {
    const answer = await this.page.goto(this.url + path, { waitUntil: "load" });
    same(answer.status(), status, `status of ${path}`);
  }

  async logIn(next = "/") {
    await this.go(`/login?next=${encodeURIComponent(next)}`);
    await this.page.fill("#name", NAME);
    await this.page.fill("#password", PASSWORD);
    await Promise.all([this.page.waitForURL((url) => url.pathname !== "/login"), this.page.click("form.stack button.main")]);
  }

  /** Faults so far; forgets them. */
  take() {
    return this.faults.splice(0);
  }
}

/** What on a page is more than text although it came from a post: nothing may be. */
function awake() {
  const found = [];
  if (document.documentElement.dataset.xss !== undefined) found.push(`marker ${document.documentElement.dataset.xss}`);
  for (const element of document.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name) || /^hx-on/i.test(name) || name === "srcdoc") found.push(`${element.tagName} ${name}=${value}`);
      if (["href", "src", "action", "formaction", "xlink:href"].includes(name) && !/^(https?:|\/|\?|#)/i.test(value)) found.push(`${name}=${value}`);
      if (["href", "src"].includes(name) && /^\/\//.test(value)) found.push(`${name}=${value}`);
    }
  }
  for (const tag of ["iframe", "object", "embed", "style", "base", "script:not([src^='/assets/'])", "img", "template", "math", "foreignObject"]) {
    if (document.querySelector(tag)) found.push(tag);
  }
  return found;
}

function hostileTexts() {
  const shared = join(SHARED, "data/conformance/hostile-inputs/xss.jsonl");
  if (!existsSync(shared)) return HOSTILE;
  const lines = readFileSync(shared, "utf8").split("\n").filter(Boolean);
  return [...HOSTILE, ...lines.map((line) => JSON.parse(line).payload)];
}

// --- what is tried ----------------------------------------------------------------------------------------------

async function setUp(browser, daemon) {
  await check("browser: a fresh desk leads to /setup; a wrong code is refused, the printed one makes the administrator", async () => {
    const visitor = await Visitor.make(browser, daemon.url);
    const { page } = visitor;
    await visitor.go("/");
    same(new URL(page.url()).pathname, "/setup", "where a fresh desk leads");
    assert(daemon.code, `no code was printed: ${daemon.said}`);
    const submit = async (code, name, password) => {
      await page.fill("#code", code);
      await page.fill("#name", name);
      await page.fill("#password", password);
      await Promise.all([page.waitForNavigation(), page.click("form.stack button.main")]);
    };
    await submit("WRONG-CODE", NAME, PASSWORD);
    assert(await page.isVisible(".fault[role=alert]"), "no fault is told");
    await submit(daemon.code, NAME, PASSWORD);
    same(new URL(page.url()).pathname, "/", "where the administrator is led");
    assert((await page.textContent(".who")).includes(NAME), "nobody is logged in");
    same((await (await fetch(`${daemon.url}/setup`)).text()).includes('id="code"'), false, "the code may be used again");
    // A refused form is told by its status, which the browser writes down.
    same(visitor.take().filter((fault) => !/status of 4\d\d/.test(fault)), [], "faults");
    await visitor.context.close();
  });

  await check("browser: log-in, a wrong password, a foreign `next`, log-out", async () => {
    const visitor = await Visitor.make(browser, daemon.url);
    const { page } = visitor;
    await visitor.go("/sources");
    same(new URL(page.url()).pathname, "/login", "where a stranger is led");
    await page.fill("#name", NAME);
    await page.fill("#password", "wrong password");
    await Promise.all([page.waitForNavigation(), page.click("form.stack button.main")]);
    assert(await page.isVisible(".fault[role=alert]"), "no fault is told");
    await page.fill("#password", PASSWORD);
    await Promise.all([page.waitForNavigation(), page.click("form.stack button.main")]);
    same(new URL(page.url()).pathname, "/sources", "where the log-in leads back");
    await page.click("form.me button");
    await page.waitForURL("**/login");
    await visitor.go("/");
    same(new URL(page.url()).pathname, "/login", "after log-out");
    same(visitor.take().filter((fault) => !/status of 4\d\d/.test(fault)), [], "faults");
    await visitor.context.close();
    for (const next of ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]) {
      // A visitor each: to take the cookie from under an open page is to race with its stream, which may not be asked for yet.
      const stranger = await Visitor.make(browser, daemon.url);
      await stranger.logIn(next);
      same(new URL(stranger.page.url()).origin, daemon.url, `where ${next} leads`);
      same(stranger.take(), [], "faults");
      await stranger.context.close();
    }
  });
}

/** What the browser and htmx write down when the daemon goes away, and nothing else. */
const LOST = /net::ERR_|status of 50[0-9]|\[object Event\]|\/assets\/htmx/;

async function liveDesk(browser, daemon) {
  const wide = await Visitor.make(browser, daemon.url);
  const phone = await Visitor.make(browser, daemon.url, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
  for (const visitor of [wide, phone]) {
    await visitor.logIn();
    // Gone after a reload.
    await visitor.page.evaluate(() => (window.notReloaded = true));
  }
  const notReloaded = async () => {
    for (const { page } of [wide, phone]) assert(await page.evaluate(() => window.notReloaded === true), "the page was loaded again");
  };

  await check("browser: an incident arrives on open pages, wide and narrow, without a reload", async () => {
    for (const { page } of [wide, phone]) await page.waitForSelector("#live.on");
    same(await wide.page.locator("li.row").count(), 0, "incidents before");
    daemon.ingest([{ source: "forum", id: "1", url: "https://forum.example/1", author: "路边的风", text: ALARM }]);
    for (const { page } of [wide, phone]) {
      await page.waitForSelector("li.row");
      assert(await page.locator("li.row").first().isVisible(), "the row is not visible");
      assert(/云锦苑/.test(await page.textContent("li.row h2")), await page.textContent("li.row"));
      same(await page.textContent("#tile-red .n"), "1", "red incidents counted");
      assert(/刚|秒|分/.test(await page.textContent("li.row time[data-age]")), "no age");
    }
    await notReloaded();
    daemon.ingest([{ source: "forum-2", id: "1", author: "路边的风", text: "石渡小学食堂中毒，二十多个孩子上吐下泻送医院" }]);
    for (const { page } of [wide, phone]) await page.waitForFunction(() => document.querySelectorAll("li.row").length === 2);
    const spoken = await wide.page.textContent("#say");
    assert(spoken.trim(), "nothing is said to those who cannot see it");
    await notReloaded();
    await wide.page.screenshot({ path: join(SHOTS, "live-1280.png") });
    await phone.page.screenshot({ path: join(SHOTS, "live-390.png") });
  });

  await check("browser: a click acknowledges, and the other open page shows it without a reload", async () => {
    const row = wide.page.locator("li.row", { hasText: "云锦苑" });
    const id = (await row.getAttribute("id")).replace("row-", "");
    await Promise.all([wide.page.waitForNavigation(), wide.page.click(`#ack-${id}`)]);
    await phone.page.waitForSelector(`#row-${id}.s-acknowledged`);
    assert(await phone.page.evaluate(() => window.notReloaded === true), "the other page was loaded again");
    assert((await phone.page.textContent(`#row-${id} .state`)).includes(NAME), "who took it is not told");
    same(await phone.page.locator(`#ack-${id}`).count(), 0, "buttons to take it again");
    await wide.go("/");
    await wide.page.waitForSelector(`#row-${id}.s-acknowledged`);
  });

  await check("browser: why it fired, evidence and timeline stand on the incident's page; a note is kept, close closes", async () => {
    await wide.page.click("li.row h2 a:has-text('云锦苑')");
    await wide.page.waitForURL("**/incidents/*");
    const text = await wide.page.textContent("main");
    for (const word of ["为什么预警", "重大单帖", "起火", "处置记录", NAME]) assert(text.includes(word), `${word} is missing`);
    same(await wide.page.getAttribute("article.ev a.out", "href"), "https://forum.example/1", "link to the source");
    same(await wide.page.getAttribute("article.ev a.out", "rel"), "noopener noreferrer nofollow", "rel");
    assert(!text.includes("路边的风"), "a writer's name is shown");
    await wide.page.fill("#note", "已派消防，<b>现场</b>核实中");
    await Promise.all([wide.page.waitForNavigation(), wide.page.click("button[formaction$='/note']")]);
    assert((await wide.page.textContent("ol.line")).includes("<b>现场</b>核实中"), "the note is not in the timeline");
    await Promise.all([wide.page.waitForNavigation(), wide.page.click("button[formaction$='/close']")]);
    await wide.go(new URL(wide.page.url()).pathname.startsWith("/incidents/") ? new URL(wide.page.url()).pathname : "/");
    await phone.page.waitForFunction(() => document.querySelectorAll("li.row").length === 1);
  });

  await check("browser: all of this without script and without a mouse: a plain form acknowledges", async () => {
    const plain = await Visitor.make(browser, daemon.url, { javaScriptEnabled: false });
    await plain.logIn();
    const row = plain.page.locator("li.row.s-new").first();
    const id = (await row.getAttribute("id")).replace("row-", "");
    await plain.page.focus(`#ack-${id}`);
    await Promise.all([plain.page.waitForNavigation(), plain.page.keyboard.press("Enter")]);
    await plain.go("/");
    same(await plain.page.locator(`#row-${id}.s-acknowledged`).count(), 1, "acknowledged rows");
    await plain.context.close();
  });

  await check("browser: no error, no violation of the content security policy in all of this", async () => {
    same([...wide.take(), ...phone.take()], [], "faults");
    await wide.context.close();
  });

  await check("browser: the open page finds its way back when the daemon was restarted", async () => {
    // The port is the system's choice: it must be the same for this, so it is written down.
    const port = new URL(daemon.url).port;
    writeFileSync(join(daemon.home, "config/minsheng.toml"), `[web]\nlisten = "127.0.0.1:${port}"\n`);
    await daemon.stop();
    await phone.page.waitForSelector("#live.off");
    daemon.said = "";
    await daemon.start();
    await phone.page.waitForSelector("#live.on");
    daemon.ingest([{ source: "forum-3", id: "1", author: "路人", text: ALARM.replace("三号楼", "五号楼") }]);
    await phone.page.waitForFunction(() => document.querySelectorAll("li.row").length === 2);
    assert(await phone.page.evaluate(() => window.notReloaded === true), "the page was loaded again");
    same(phone.take().filter((fault) => !LOST.test(fault)), [], "faults");
  });

  await phone.context.close();
}

const DAYS_OF_TALK = 3;
const TALK = [["周末", "昨晚", "清早", "午后", "放学以后", "半夜", "雨停了", "假期里"], ["邻居", "同事", "外婆", "表哥", "室友", "店家", "舅舅", "队友", "同桌"],
  ["做了红烧肉", "养了两只鹦鹉", "种的番茄结果了", "学会了吹口琴", "拍到一张晚霞", "换了新书架", "钓到一条鲫鱼", "修好了老座钟", "寄来一箱橘子", "追完了一部剧", "跑完了半马"],
  ["真不错", "大家都笑了", "我也想试试", "看着就高兴", "值得记一笔", "下次还要去", "就是有点累"]];
const OUTAGE = ["我们小区停水了，一早起来没法洗脸", "下班回家发现停水，水龙头一滴都没有", "小区又停水，老人提着桶到处找水", "停水什么时候能来水？饭都做不了",
  "孩子发烧要喝热水，偏偏停水", "停水了，物业说不知道原因，急人", "店里今天只好关门，整条街停水", "停水没人通知，马桶都冲不了", "六楼也没水了，停水到底怎么回事",
  "自来水热线打不通，停水半天了", "超市的矿泉水都卖空了，因为停水", "停水停得洗衣机洗到一半停了"];

/** What a town says in three days before now: nobody's business, each in words of its own. */
function talk() {
  const each = (n) => TALK.map((words, at) => words[Math.floor(n / TALK.slice(0, at).reduce((all, more) => all * more.length, 1)) % words.length]);
  return Array.from({ length: 600 }, (_, n) => {
    const [when, who, what, how] = each(n * 7);
    const published_at = new Date(Date.now() - DAYS_OF_TALK * 86_400_000 + n * 430_000).toISOString();
    return { source: "town", id: `t${n}`, author: `人${n}`, published_at, text: `${when}${who}${what}，${how}` };
  });
}

async function risingTopic(browser, daemon) {
  await check("browser: a topic that suddenly rises comes to the open page by itself, with curve and posts", async () => {
    const visitor = await Visitor.make(browser, daemon.url);
    await visitor.logIn();
    const { page } = visitor;
    await visitor.go("/topics");
    await page.waitForSelector("#live.on");
    assert(await page.isVisible("#topics .empty"), "nothing rises at first");
    await page.evaluate(() => { window.notReloaded = true; });
    daemon.ingest(OUTAGE.map((text, n) => ({
      source: "town", id: `o${n}`, author: `居民${n}`, text, published_at: new Date(Date.now() - 1_500_000 + n * 120_000).toISOString(), url: `https://town.example/${n}`,
    })));
    await page.waitForSelector("#topics li.topic");
    const shown = await page.textContent("#topics li.topic");
    for (const part of ["停水", "提到，往常同一时段", "突然升温"]) assert(shown.includes(part), `${part} in ${shown}`);
    assert(!shown.includes("居民"), "a writer's name");
    assert(await page.locator("#topics svg.curve rect").count() >= 1, "no curve");
    assert(await page.evaluate(() => window.notReloaded === true), "the page was loaded again");
    same(visitor.take(), [], "faults");
    await visitor.context.close();
  });
}

async function reviews(browser, daemon) {
  /** Follows an incident's evidence to the review of its post. */
  const toReview = async (visitor) => {
    await visitor.logIn();
    for (const [link, leads] of [["li.row h2 a", "**/incidents/*"], ["article.ev a[href$='#verdict']", "**/posts/*#verdict"]]) {
      await visitor.page.locator(link).first().focus();
      await Promise.all([visitor.page.waitForURL(leads), visitor.page.keyboard.press("Enter")]);
    }
    assert(await visitor.page.isVisible("#verdict"), "the review is not visible");
  };
  const said = (visitor) => visitor.page.textContent("#verdict .done b");
  const save = (visitor, button) => Promise.all([visitor.page.waitForNavigation(), button()]);

  await check("browser: evidence leads to the review; a click says that the judgement is right, or too high and what it is", async () => {
    const visitor = await Visitor.make(browser, daemon.url);
    await toReview(visitor);
    const { page } = visitor;
    same(await page.locator("#verdict button:visible").allTextContents(), ["判断正确", "不属本台"], "buttons at first");
    await save(visitor, () => page.click("#verdict button:has-text('判断正确')"));
    same(await said(visitor), "判断正确", "what was said");
    assert((await page.textContent("#verdict .who")).includes(NAME), "who said it is not told");
    // The grade of the alarm is the highest: there is nothing above it.
    same(await page.locator("#verdict .buttons summary").allTextContents(), ["偏高"], "directions");
    await page.click("#verdict summary:has-text('偏高')");
    await save(visitor, () => page.click("#verdict .choices button:has-text('黄')"));
    const words = await said(visitor);
    assert(words.includes("等级偏高，应为黄") && words.includes("事项正确"), words);
    await page.screenshot({ path: join(SHOTS, "review-1280.png"), fullPage: true });
    const post = new URL(page.url()).pathname;
    await page.goBack();
    await save(visitor, () => page.click("#verdict button:has-text('不属本台')"));
    same(await said(visitor), "不属本台", "from a page of before");
    await visitor.go("/");
    await page.click("li.row h2 a");
    assert((await page.textContent(`article.ev a[href='${post}#verdict']`)).includes("不属本台"), "the evidence does not show it");
    same(visitor.take(), [], "faults");
    await visitor.context.close();
  });

  await check("browser: on a phone, dark, without script and mouse, the fold corrects matter and department", async () => {
    const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: "dark", javaScriptEnabled: false };
    const visitor = await Visitor.make(browser, daemon.url, phone);
    await toReview(visitor);
    const { page } = visitor;
    await page.focus("#verdict > details > summary");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#v-category", { state: "visible" });
    await page.selectOption("#v-grade", "orange");
    await page.selectOption("#v-category", "housing");
    await page.selectOption("#v-department", "fire");
    await page.selectOption("#v-question", "no");
    await page.fill("#v-note", "<b>现场</b>已核实");
    await page.screenshot({ path: join(SHOTS, "review-390-dark.png"), fullPage: true });
    await page.focus("#verdict .stack button");
    await save(visitor, () => page.keyboard.press("Enter"));
    const words = await said(visitor);
    for (const part of ["等级偏高，应为橙", "事项应为", "部门正确：消防救援支队", "不是提问"]) assert(words.includes(part), `${part} in ${words}`);
    same(await page.textContent("#verdict blockquote"), "<b>现场</b>已核实", "note");
    same(await page.inputValue("#v-category"), "housing", "what the fold is set to");
    const beyond = await page.locator("html").evaluate((root) => root.scrollWidth - innerWidth);
    assert(beyond <= 1, `${beyond} px beyond the edge`);
    same(visitor.take(), [], "faults");
    await visitor.context.close();
  });
}

async function everyPage(browser, daemon) {
  const look = await Visitor.make(browser, daemon.url);
  await look.logIn();
  const incident = new URL(await look.page.locator("li.row h2 a").first().evaluate((link) => link.href)).pathname;
  await look.go(incident);
  const post = new URL(await look.page.locator("article.ev a[href^='/posts/']").first().evaluate((link) => link.href)).pathname;
  await look.go("/events");
  const event = new URL(await look.page.locator("li.row h2 a[href^='/events/']").first().evaluate((link) => link.href)).pathname;
  await look.context.close();
  const pages = {
    desk: "/", closed: "/?state=closed", incident, post, search: "/search", found: `/search?q=${encodeURIComponent("起火")}`, wrong: "/search?q=%28%28",
    topics: "/topics", events: "/events", event, facts: "/facts", rota: "/rota", silences: "/silences", handover: "/handover", drills: "/drills", supervision: "/supervision", sources: "/sources", outbox: "/outbox", settings: "/settings", docs: "/docs",
  };
  for (const [width, height] of [[1280, 800], [390, 844]]) {
    for (const colorScheme of ["light", "dark"]) {
      await check(`browser: every page at ${width} px, ${colorScheme}: whole, labelled, nothing beyond the edge, no error`, async () => {
        const visitor = await Visitor.make(browser, daemon.url, { viewport: { width, height }, colorScheme, isMobile: width < 500 });
        await visitor.go("/login");
        await visitor.page.screenshot({ path: join(SHOTS, `login-${width}-${colorScheme}.png`), fullPage: true });
        await visitor.logIn();
        const wrong = [];
        for (const [name, path] of Object.entries(pages)) {
          await visitor.go(path);
          await visitor.page.screenshot({ path: join(SHOTS, `${name}-${width}-${colorScheme}.png`), fullPage: true });
          const found = await visitor.page.evaluate(() => {
            const faults = [];
            const root = document.documentElement;
            if (root.scrollWidth > innerWidth + 1) faults.push(`${root.scrollWidth - innerWidth} px beyond the edge`);
            if (document.querySelectorAll("h1").length !== 1) faults.push(`${document.querySelectorAll("h1").length} h1`);
            if (!document.querySelector("main") || !root.lang || !document.title.trim()) faults.push("no main, language or title");
            for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
              if (!field.labels?.length && !field.ariaLabel) faults.push(`${field.name} has no label`);
            }
            for (const button of document.querySelectorAll("button, a[href]")) {
              if (!button.textContent.trim() && !button.ariaLabel) faults.push(`nameless ${button.outerHTML.slice(0, 80)}`);
            }
            const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
            const twice = ids.filter((id, at) => ids.indexOf(id) !== at);
            if (twice.length) faults.push(`ids twice: ${twice}`);
            return faults;
          });
          wrong.push(...found.map((fault) => `${name}: ${fault}`));
        }
        const dark = await visitor.page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) < 300);
        same(dark, colorScheme === "dark", "a dark background");
        same(wrong, [], "pages");
        same(visitor.take(), [], "faults");
        await visitor.context.close();
      });
    }
  }

  await check("browser: the English switch and the dark switch hold on every page, and not for others", async () => {
    const visitor = await Visitor.make(browser, daemon.url);
    await visitor.logIn();
    await visitor.go("/settings");
    await Promise.all([visitor.page.waitForNavigation(), visitor.page.click("button[name=lang][value=en]")]);
    await Promise.all([visitor.page.waitForNavigation(), visitor.page.click("button[name=theme][value=dark]")]);
    const wrong = [];
    for (const [name, path] of Object.entries(pages)) {
      await visitor.go(path);
      const [lang, theme, chrome] = await visitor.page.evaluate(() => [document.documentElement.lang, document.documentElement.dataset.theme,
        [...document.querySelectorAll("nav, h1, h2:not(li h2), label, button, dt, .tabs")].map((one) => one.textContent).join(" ")]);
      if (lang !== "en" || theme !== "dark") wrong.push(`${name}: ${lang} ${theme}`);
      // Titles of incidents and texts of posts stay as they are; what we say ourselves does not.
      const chinese = ["incident", "post", "event"].includes(name) ? null : chrome.replace(/中文|民声/g, "").match(/[\u4e00-\u9fff]{2,}/);
      if (chinese) wrong.push(`${name}: ${chinese[0]}`);
    }
    await visitor.go("/");
    await visitor.page.screenshot({ path: join(SHOTS, "desk-1280-english.png") });
    same(wrong, [], "pages");
    same(visitor.take(), [], "faults");
    await visitor.context.close();
  });
}

async function hostilePosts(browser, daemon) {
  const payloads = hostileTexts();
  const visitor = await Visitor.make(browser, daemon.url);
  await visitor.logIn();
  // Left open, so that what arrives by the stream is tried too.
  const open = await visitor.open();
  await open.goto(`${daemon.url}/`, { waitUntil: "load" });
  await open.waitForSelector("#live.on");

  await check(`browser: ${payloads.length} hostile texts pushed as posts stay text on queue, search, post, incident and outbox pages`, async () => {
    const posts = payloads.flatMap((payload, n) => [
      { source: `x${n}`, id: "text", author: payload, text: `${ALARM}${payload}` },
      { source: `x${n}`, id: `title ${payload}`.slice(0, 500), title: payload.slice(0, 300), text: ALARM, place: payload.slice(0, 300), author: payload },
      { source: `x${n}`, id: "bare", text: payload },
      // An address that is none is refused, not shown.
      { source: `x${n}`, id: "url", text: ALARM, url: payload },
      { source: `x${n}`, id: "query", text: ALARM, url: `https://forum.example/?q=${payload}` },
    ]);
    const told = JSON.parse(daemon.ingest(posts));
    assert(told.accepted >= payloads.length * 4 - 5, `accepted ${told.accepted} of ${posts.length}: ${JSON.stringify(told.rejected[0])}`);
    const wrong = [];
    const inspect = async (where, page = visitor.page) => {
      const found = await page.evaluate(awake);
      wrong.push(...found.map((fault) => `${where}: ${fault}`));
    };
    // The search follows what is stored.
    await waitFor("all in the index", async () => {
      await visitor.go("/search");
      return Number((await visitor.page.textContent("[role=status] b")).replace(/\D/g, "")) >= told.accepted;
    });
    await open.waitForFunction((least) => document.querySelectorAll("li.row").length >= Math.min(least, 20), payloads.length);
    await inspect("the open desk", open);
    const links = { "/incidents/": new Set(), "/posts/": new Set() };
    const follow = async (path, limit = 40) => {
      for (let at = 0; path && at < limit; at += 1) {
        await visitor.go(path);
        await inspect(path);
        for (const kind of Object.keys(links)) {
          const found = await visitor.page.$$eval(`main a[href^='${kind}']`, (all) => all.map((one) => one.getAttribute("href")));
          found.forEach((href) => links[kind].add(href));
        }
        const more = visitor.page.locator("p.more a");
        path = (await more.count()) ? new URL(await more.first().evaluate((link) => link.href)) : null;
        path = path && path.pathname + path.search;
      }
    };
    await follow("/");
    await follow("/search");
    for (const word of ["起火", "xss", "script", "onerror"]) await follow(`/search?q=${word}`, 3);
    assert(links["/incidents/"].size >= payloads.length * 0.9, `${links["/incidents/"].size} incidents`);
    assert(links["/posts/"].size >= told.accepted, `${links["/posts/"].size} of ${told.accepted} posts`);
    for (const href of [...links["/incidents/"], ...links["/posts/"]]) await follow(href, 1);
    await follow("/outbox");
    await follow("/sources");
    same(wrong, [], "more than text");
    same(visitor.take(), [], "faults");
  });

  await check(`browser: the same in addresses and forms: query, filters, next, names`, async () => {
    const wrong = [];
    for (const payload of payloads) {
      const sent = encodeURIComponent(payload.slice(0, 400));
      for (const path of [`/search?q=${sent}`, `/search?source=${sent}`, `/?state=${sent}`, `/?grade=${sent}`, `/posts/${sent}`, `/incidents/${sent}`, `/${sent}`, `/search?${sent}=1`]) {
        const answer = await visitor.page.goto(daemon.url + path, { waitUntil: "load" });
        assert(answer.status() < 500, `${answer.status()} for ${path}`);
        wrong.push(...(await visitor.page.evaluate(awake)).map((fault) => `${path}: ${fault}`));
      }
    }
    const stranger = await Visitor.make(browser, daemon.url);
    for (const payload of payloads.slice(0, 4)) {
      await stranger.go(`/login?next=${encodeURIComponent(payload)}`);
      await stranger.page.fill("#name", payload.slice(0, 60).replace(/[\r\n]/g, ""));
      await stranger.page.fill("#password", payload);
      await Promise.all([stranger.page.waitForNavigation(), stranger.page.click("form.stack button.main")]);
      wrong.push(...(await stranger.page.evaluate(awake)).map((fault) => `log-in: ${fault}`));
    }
    same(wrong, [], "more than text");
    const faults = [...visitor.take(), ...stranger.take()].filter((fault) => !/status of 4\d\d/.test(fault));
    same(faults, [], "faults");
    await stranger.context.close();
  });
  await visitor.context.close();
}

async function main() {
  mkdirSync(SHOTS, { recursive: true });
  const executable = process.env.CHROMIUM || ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
  assert(executable, "chromium is missing");
  const daemon = new Daemon("browser");
  let browser;
  try {
    await daemon.start();
    // First of all: what is usual is what was said before.
    daemon.ingest(talk());
    const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];
    browser = await chromium.launch({ executablePath: executable, headless: true, args: flags });
    await setUp(browser, daemon);
    await liveDesk(browser, daemon);
    await reviews(browser, daemon);
    await risingTopic(browser, daemon);
    await everyPage(browser, daemon);
    await hostilePosts(browser, daemon);
    await check("browser: the daemon stops in order with browsers still there", () => daemon.stop());
  } catch (error) {
    failed += 1;
    console.log(`not ok browser: ${String(error?.message ?? error).replace(/\s+/g, " ").slice(0, 500)}`);
    console.error(error?.stack);
  } finally {
    await browser?.close();
    daemon.process?.kill("SIGKILL");
  }
  process.exitCode = failed ? 1 : 0;
}

await main();
