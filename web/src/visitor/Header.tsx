/** Mark, language, exit. The exit comes first in the order of focus and last in the line, on every screen. */

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
      <Mark />
      <Languages place="head" />
    </header>
  );
}
