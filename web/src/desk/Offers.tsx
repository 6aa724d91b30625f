/** What colleagues ask us to go on with, above our own conversations. Nothing here takes the focus. */

import { useEffect, useRef } from "preact/hooks";
import { announce } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import type { Desk } from "./desk.ts";
import type { Handing, News, Offer } from "./handing.ts";
import { isFull } from "./room.ts";
import { say } from "./words.ts";

const ours = { accepted: "hand.yes", declined: "hand.no", late: "hand.late", gone: "hand.gone" } as const;

function tell({ ours: isOurs, why, name, number: n }: News): string | undefined {
  if (isOurs && why in ours) return say(ours[why as keyof typeof ours], { name, n });
  if (why === "accepted" || why === "declined" || (isOurs && why === "withdrawn")) return undefined; // our own deed
  return say("hand.over", { n });
}

/** Told once, by name. */
function useNews(handing: Handing): void {
  const news = handing.news.value;
  useEffect(() => {
    const text = news === undefined ? undefined : tell(news);
    if (text !== undefined) announce(text);
  }, [news]);
}

function useArrivals(offers: readonly Offer[]): void {
  const told = useRef<readonly string[]>([]);
  useEffect(() => {
    const fresh = offers.filter((offer) => !told.current.includes(offer.conv));
    told.current = offers.map((offer) => offer.conv);
    if (fresh.length > 0) announce(fresh.map(({ name, number: n }) => say("offer.p", { name, n })).join(" "));
  }, [offers]);
}

function One({ desk, offer }: { desk: Desk; offer: Offer }) {
  const { session } = desk;
  const { conv, name, number: n } = offer;
  const off = isFull(session);
  async function answer(yes: boolean): Promise<void> {
    if (yes && off) return;
    const done = await session.handing.answer(conv, yes);
    if (done && yes) desk.show(conv);
    else document.getElementById("talks")?.parentElement?.focus();
  }
  return (
    <li class="card offer">
      <p id={`offer-${conv}`} class="with-icon">
        <Icon name="line" />
        <span dir="auto">{say("offer.p", { name, n })}</span>
      </p>
      <div class="buttons">
        <button
          type="button"
          class="pill full"
          aria-describedby={off ? `offer-${conv} full` : `offer-${conv}`}
          aria-disabled={off}
          onClick={() => void answer(true)}
        >
          {say("offer.yes")}
        </button>
        <button
          type="button"
          class="pill outline"
          aria-describedby={`offer-${conv}`}
          onClick={() => void answer(false)}
        >
          {say("offer.no")}
        </button>
      </div>
    </li>
  );
}

export function Offers({ desk }: { desk: Desk }) {
  const { handing } = desk.session;
  const offers = handing.offers.value;
  useNews(handing);
  useArrivals(offers);
  if (offers.length === 0) return null;
  return (
    <ol class="offers">
      {offers.map((offer) => (
        <One key={offer.conv} desk={desk} offer={offer} />
      ))}
    </ol>
  );
}
