/** "Need a colleague": one press, no form. What came of it stands in the conversation until it is solved. */

import { useEffect } from "preact/hooks";
import { announce } from "../ui/announce.ts";
import { Icon } from "../ui/Icon.tsx";
import type { Desk } from "./desk.ts";
import type { DeskConversation } from "./state.ts";
import { say } from "./words.ts";

interface NeedProps {
  readonly desk: Desk;
  readonly talk: DeskConversation;
}

const callOf = ({ desk, talk }: NeedProps) => desk.session.lead.alarms.value.find((one) => one.conv === talk.conv);
const isUnheard = ({ desk, talk }: NeedProps): boolean => desk.session.lead.calling.value.has(talk.conv);

export function NeedButton(props: NeedProps) {
  if (callOf(props) !== undefined || isUnheard(props)) return null;
  return (
    <button type="button" class="pill outline need" onClick={() => props.desk.session.lead.call(props.talk.conv)}>
      <Icon name="warn" />
      {say("need")}
    </button>
  );
}

export function NeedState(props: NeedProps) {
  const { desk, talk } = props;
  const call = callOf(props);
  const text =
    call?.coming !== undefined
      ? say("need.coming", { name: call.coming })
      : call !== undefined
        ? say("need.wait")
        : isUnheard(props)
          ? say("need.unheard")
          : undefined;
  useEffect(() => {
    if (text !== undefined) announce(text);
  }, [text]);
  if (text === undefined) return null;
  return (
    <div class="beside warn with-icon">
      <Icon name="warn" />
      <div>
        <p>
          <b>{text}</b>
        </p>
        <p class="small">{say("need.where")}</p>
      </div>
      {call !== undefined && (
        <button type="button" class="pill outline" onClick={() => desk.session.lead.solve(talk.conv)}>
          {say("need.solved")}
        </button>
      )}
    </div>
  );
}
