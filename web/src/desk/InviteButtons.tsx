/** At the end of a form that makes an invitation. */

import { say } from "./words.ts";

export function InviteButtons({ cancel }: { cancel: () => void }) {
  return (
    <div class="buttons">
      <button type="submit" class="pill full">
        {say("people.make")}
      </button>
      <button type="button" class="pill outline" onClick={cancel}>
        {say("step.cancel")}
      </button>
    </div>
  );
}
