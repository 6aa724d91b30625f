/** Mark, language, exit. The exit comes first in the order of focus and last in the line, on every screen. */

import { org } from "/org.js";
import { Icon } from "../ui/Icon.tsx";
import { Mark } from "../ui/Mark.tsx";
import { languages, ownName } from "../words/speak.ts";
import { taps } from "./exit.ts";
import { TAPS } from "./shift.ts";
import { language, say } from "./words.ts";

function Exit({ leave }: { leave: () => void }) {
  return (
    <button type="button" class="exit" onClick={leave}>
      <Icon name="exit" turns />
      {say("exit")}
      {taps.value > 0 && (
        <span class="taps" aria-hidden="true">
          {Array.from({ length: TAPS }, (_, i) => (
            <i key={i} class={i < taps.value ? "in" : ""} />
          ))}
        </span>
      )}
    </button>
  );
}

/** For whoever goes by a list of links, or by Tab; it stays out of sight until it has the focus. */
function Skip({ leave }: { leave: () => void }) {
  function go(event: MouseEvent): void {
    event.preventDefault();
    leave();
  }
  return (
    <a class="pill skip" href={org.exitUrl} rel="noreferrer" onClick={go}>
      {say("exit.skip")}
    </a>
  );
}

export function Languages({ place }: { place: "head" | "foot" }) {
  const others = languages.filter((code) => code !== language.value);
  return (
    <div class={`languages ${place}`}>
      {others.map((code) => (
        <button key={code} type="button" class="pill" lang={code} onClick={() => (language.value = code)}>
          {ownName[code]}
        </button>
      ))}
    </div>
  );
}

export function Header({ leave }: { leave: () => void }) {
  return (
    <header class="head">
      <Exit leave={leave} />
      <Skip leave={leave} />
      <Mark />
      <Languages place="head" />
    </header>
  );
}
