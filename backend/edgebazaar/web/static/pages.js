"use strict";
// Comfort only: every page works without it.

const root = document.documentElement;
root.classList.add("scripted");
const said = document.querySelector(".said");

const menu = document.querySelector(".menu");
const navigation = document.querySelector("#navigation");
const narrow = matchMedia("(max-width: 60rem)");
const fitMenu = () => { menu.hidden = !narrow.matches; };
const showMenu = (shown) => {
  menu.setAttribute("aria-expanded", String(shown));
  navigation.classList.toggle("shown", shown);
};
narrow.addEventListener("change", fitMenu);
fitMenu();
menu.addEventListener("click", () => showMenu(menu.getAttribute("aria-expanded") !== "true"));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && menu.getAttribute("aria-expanded") === "true") {
    showMenu(false);
    menu.focus();
  }
});

if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      said.textContent = "Copied";
      button.classList.add("done");
      setTimeout(() => {
        button.classList.remove("done");
        said.textContent = "";
      }, 1500);
    });
  }
}

// The chain's times are in UTC; a person reads them in local time, with UTC in the title.
const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium", hour12: false });
for (const time of document.querySelectorAll("time")) {
  const moment = time.dateTime ? new Date(time.dateTime) : new Date(1000 * Number(time.dataset.unix));
  if (Number.isNaN(moment.getTime())) continue;
  time.dateTime = moment.toISOString();
  time.title = `${time.textContent} · unix ${Math.floor(moment.getTime() / 1000)}`;
  time.textContent = local.format(moment);
}

const blocks = document.querySelectorAll("[data-block]");
const follow = async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch("/api/v1/health");
    if (!answer.ok) return;
    const health = await answer.json();
    for (const block of blocks) block.textContent = health.indexed_block;
  } catch {
    // The backend is away; the last known block stays.
  }
};
setInterval(follow, 3000);

const drop = document.querySelector("[data-drop]");
if (drop) {
  const input = drop.querySelector("input[type=file]");
  const chosen = drop.querySelector(".chosen");
  drop.querySelector(".dragging").hidden = false;
  const show = () => {
    const file = input.files[0];
    chosen.hidden = !file || !file.type.startsWith("image/");
    if (!chosen.hidden) chosen.src = URL.createObjectURL(file);
  };
  input.addEventListener("change", show);
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
  }
  drop.addEventListener("dragleave", (event) => {
    if (!drop.contains(event.relatedTarget)) drop.classList.remove("over");
  });
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    show();
    drop.requestSubmit();
  });
}
