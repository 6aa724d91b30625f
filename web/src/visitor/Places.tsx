/** Who else is there now: a name, what for, a number to press, and where we looked it up. */

import { Icon } from "../ui/Icon.tsx";
import type { Place, Prospect } from "./state.ts";
import { dated, when } from "./when.ts";
import { language, say } from "./words.ts";

const telephone = (phone: string): string => `tel:${phone.replace(/[^+0-9]/g, "")}`;

function One({ place, now }: { place: Place; now: number }) {
  const hours = place.until === undefined ? say("place.always") : say("place.until", { when: when(place.until, now) });
  return (
    <li class="place">
      <p>
        <b>{place.name}</b>
      </p>
      <p>
        {place.about[language.value]} {hours}
      </p>
      <a class="pill outline" href={telephone(place.phone)}>
        <Icon name="phone" />
        {say("place.call", { phone: place.phone })}
      </a>
      <p class="small">{say("place.source", { source: place.source, date: dated(place.checked) })}</p>
    </li>
  );
}

export function Places({ prospect, now }: { prospect: Prospect | undefined; now: number }) {
  if (prospect === undefined || prospect.places.length === 0) return null;
  return (
    <section class="card" aria-labelledby="places">
      <h2 id="places">{say("place.h")}</h2>
      <ul class="places">
        {prospect.places.map((place) => (
          <One key={place.name} place={place} now={now} />
        ))}
      </ul>
      <p class="small">{say("closed.bill")}</p>
    </section>
  );
}
