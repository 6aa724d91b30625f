/** The box to the visitor, and below it, lilac and dashed, the box to the team. */

import { Composer } from "../ui/Composer.tsx";
import { boxId, type Desk } from "./desk.ts";
import type { DeskConversation } from "./state.ts";
import { say } from "./words.ts";

const failures = () => ({ long: say("m.long"), failed: say("m.err") });

export function Write({ desk, talk }: { desk: Desk; talk: DeskConversation }) {
  const { session } = desk;
  const { message, note } = desk.draft(talk.conv);
  return (
    <div class="writing">
      {!talk.fork.value && !talk.unreadable.value && talk.stuck.value !== "talk" && talk.beside.value === undefined && (
        <div id={boxId(talk.conv)}>
          <Composer
            words={{ label: say("talk.box"), hint: say("talk.hint"), send: say("talk.send"), ...failures() }}
            draft={message}
            send={(text) => session.send(talk.conv, text)}
            typing={() => session.typing(talk.conv)}
            enterSends
          />
          <div class="kit">
            <button type="button" class="pill" onClick={() => (desk.replying.value = talk.conv)}>
              {say("rep")}
            </button>
          </div>
        </div>
      )}
      <Composer
        words={{ label: say("note.box"), hint: say("note.hint"), send: say("note"), ...failures() }}
        draft={note}
        send={(text) => session.note(talk.conv, text)}
        enterSends
        look="note"
      />
    </div>
  );
}
