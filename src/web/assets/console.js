// Keeps pages fresh: ages tick, the desk says when it is live, sound and title tell of what is new.
// Every page works without this file.
(function () {
  "use strict";
  const zh = document.documentElement.lang.startsWith("zh");
  let skew = 0;
  let seen = null;

  function age(seconds) {
    const past = seconds >= 0;
    const s = Math.abs(seconds);
    const [n, unit, short] = s < 60 ? [Math.floor(s), "秒", "s"] : s < 3600 ? [Math.floor(s / 60), "分钟", "min"]
      : s < 172800 ? [Math.floor(s / 3600), "小时", "h"] : [Math.floor(s / 86400), "天", "d"];
    return zh ? n + " " + unit + (past ? "前" : "后") : past ? n + " " + short + " ago" : "in " + n + " " + short;
  }

  function tick() {
    const now = Date.now() + skew;
    document.querySelectorAll("time[data-age]").forEach(function (time) {
      const text = age((now - Date.parse(time.dateTime)) / 1000);
      if (time.textContent !== text) time.textContent = text;
    });
  }

  function facts() {
    const facts = document.getElementById("facts");
    if (!facts) return;
    if (facts.dataset.now) skew = Date.parse(facts.dataset.now) - Date.now();
    if (facts.dataset.unseen === undefined) return;
    const unseen = Number(facts.dataset.unseen);
    document.title = (unseen ? "(" + unseen + ") " : "") + document.title.replace(/^\(\d+\) /, "");
    const fresh = facts.dataset.announce;
    if (seen !== null && fresh && fresh !== seen) {
      const say = document.getElementById("say");
      if (say) say.textContent = fresh;
      ring();
    }
    seen = fresh;
  }

  let audio = null;
  function ring() {
    if (!audio) return;
    [0, 0.28].forEach(function (at) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = 660;
      volume.gain.setValueAtTime(0.15, audio.currentTime + at);
      volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + at + 0.22);
      tone.connect(volume).connect(audio.destination);
      tone.start(audio.currentTime + at);
      tone.stop(audio.currentTime + at + 0.25);
    });
  }

  const sound = document.getElementById("sound");
  if (sound && window.AudioContext) {
    sound.hidden = false;
    sound.addEventListener("click", function () {
      audio = audio ? null : new AudioContext();
      sound.setAttribute("aria-pressed", String(audio !== null));
      const word = sound.querySelector("span");
      word.textContent = audio ? word.dataset.on : word.dataset.off;
      ring();
    });
  }

  function live(open) {
    const live = document.getElementById("live");
    if (!live) return;
    const word = live.querySelector("[data-live]");
    live.className = open ? "live on" : "live off";
    word.textContent = open ? word.dataset.live : word.dataset.lost;
  }

  let wasOpen = false;
  document.body.addEventListener("htmx:sseOpen", function () {
    live(true);
    // What happened while the connection was lost is on the page that is loaded now.
    const list = document.getElementById("queue") || document.getElementById("topics") || document.getElementById("events");
    if (wasOpen && list && window.htmx) window.htmx.trigger(list, "refresh");
    wasOpen = true;
  });
  document.body.addEventListener("htmx:sseError", function () { live(false); });
  // Leaving is no lost connection.
  let source = null;
  if (window.htmx && htmx.createEventSource) {
    const make = htmx.createEventSource;
    htmx.createEventSource = function (url) { return (source = make(url)); };
  }
  addEventListener("pagehide", function () { if (source) source.close(); });
  addEventListener("pageshow", function (event) { if (event.persisted) location.reload(); });
  document.body.addEventListener("htmx:afterSwap", function () { facts(); tick(); });
  // Somebody writing into a form must not lose it.
  document.body.addEventListener("htmx:beforeSwap", function (event) {
    if (event.detail.target.contains(document.activeElement) && /^(TEXTAREA|INPUT)$/.test(document.activeElement.tagName)) {
      event.detail.shouldSwap = false;
    }
  });
  facts();
  tick();
  setInterval(tick, 1000);
})();
