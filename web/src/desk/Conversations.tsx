/** The conversations of this desk, side by side as far as they fit; the others one press away. */

import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Conversation } from "./Conversation.tsx";
import { inSight, room } from "./columns.ts";
import type { Desk } from "./desk.ts";
import { Moved } from "./Moved.tsx";
import { Offers } from "./Offers.tsx";
import type { DeskConversation } from "./state.ts";
import { say } from "./words.ts";

function useRoom(): number {
  const width = useSignal(innerWidth);
  useEffect(() => {
    const measure = (): void => {
      width.value = innerWidth;
    };
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, []);
  return room(width.value);
}

interface TabProps {
  readonly talk: DeskConversation;
  readonly shown: boolean;
  readonly show: () => void;
}

function Tab({ talk, shown, show }: TabProps) {
  const n = talk.unread.value;
  return (
    <button type="button" class="tab" aria-pressed={shown} onClick={show}>
      {say("talk", { n: talk.number })}
      {n > 0 && <span class="badge">{say("talk.new", { n })}</span>}
    </button>
  );
}

export function Conversations({ desk }: { desk: Desk }) {
  const talks = desk.session.conversations.value;
  const columns = useRoom();
  const shown = inSight(
    talks.map((talk) => talk.conv),
    desk.chosen.value,
    columns,
  );
  return (
    <section class="talks" aria-labelledby="talks" data-region tabIndex={-1}>
      <h2 id="talks" class="spoken">
        {say("talks")}
      </h2>
      <Moved session={desk.session} />
      <Offers desk={desk} />
      {talks.length > columns && (
        <div class="tabs">
          {talks.map((talk) => (
            <Tab key={talk.conv} talk={talk} shown={shown.includes(talk.conv)} show={() => desk.show(talk.conv)} />
          ))}
        </div>
      )}
      {talks.length === 0 && (
        <div class="empty middle">
          <p>
            <b>{say("talk.none")}</b>
          </p>
          <p>{say("talk.none.p")}</p>
        </div>
      )}
      <div class="side-by-side">
        {talks.map((talk) => (
          <Conversation key={talk.conv} desk={desk} talk={talk} shown={shown.includes(talk.conv)} />
        ))}
      </div>
    </section>
  );
}
