/**
 * What is on the screen after "Leave now" for as long as the other site does not come: nothing, then
 * the day and the time. It is made from memory, because the network may be dead, and it holds no word
 * of where somebody was. And nothing at all while the page is out of sight.
 */

/** So long an empty page looks like one that loads. */
const EMPTY_MS = 1_200;

const format = (options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(navigator.language, options).format(new Date());

function paragraph(text: string, className: string): HTMLElement {
  const p = document.createElement("p");
  p.className = className;
  p.textContent = text;
  return p;
}

function fillIn(cover: HTMLElement): void {
  cover.replaceChildren(
    paragraph(format({ hour: "numeric", minute: "2-digit" }), "cover-time"),
    paragraph(format({ weekday: "long", day: "numeric", month: "long" }), "cover-day"),
  );
}

/** Lay the cover over everything. From here on nothing of the page is on the screen. */
export function lay(): void {
  const cover = document.createElement("div");
  cover.className = "cover";
  document.documentElement.classList.add("left");
  document.body.append(cover);
  setTimeout(() => fillIn(cover), EMPTY_MS);
}

export function lift(): void {
  document.documentElement.classList.remove("left");
  for (const cover of document.querySelectorAll(".cover")) cover.remove();
}

/**
 * A phone's list of apps shows what was on the screen last. Nothing is taken away: the focus, the place
 * in the log and the half-written sentence are there when the page comes back.
 */
export function coverOutOfSight(): void {
  const look = (): void => {
    document.documentElement.classList.toggle("away", document.hidden);
  };
  document.addEventListener("visibilitychange", look);
  look();
}
