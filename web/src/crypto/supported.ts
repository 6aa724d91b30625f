/** Whether this browser can do all that we need. If not, the page shows phone numbers and sends nothing. */

import { equal, random } from "./bytes.ts";
import { verify } from "./curves.ts";
import { headZero, MESSAGE, NO_PREVIOUS, openEnvelope, SHARED_LOG, seal, textContent, VISITOR } from "./envelope.ts";
import { startSignatureBytes, visitorKeys } from "./keys.ts";
import { sha256 } from "./primitives.ts";
import { Purpose, unwrap, wrap } from "./wrap.ts";

/** Play a whole conversation start in memory: nothing is asked of the browser's word, only of its deeds. */
export async function supported(): Promise<boolean> {
  try {
    return await playsWhole();
  } catch {
    return false;
  }
}

async function playsWhole(): Promise<boolean> {
  const keys = await visitorKeys(random(32));
  const secret = random(32);
  const place = { organisation: "self-test", team: "self-test", epoch: 1, conv: keys.conv, generation: 0 } as const;
  const context = { ...place, purpose: Purpose.VISITOR };
  const wrapped = await wrap(secret, keys.ve.publicKey, context);
  const again = await unwrap(wrapped, keys.ve, context);
  const message = await startSignatureBytes(
    "self-test",
    keys.ve.publicKey,
    keys.vg.publicKey,
    await sha256(keys.credential),
    random(16),
    [wrapped, wrapped, wrapped, wrapped],
  );
  if (!(await verify(keys.vg.publicKey, await keys.vg.sign(message), message))) return false;
  const header = {
    klass: MESSAGE,
    direction: VISITOR,
    conv: keys.conv,
    generation: 0,
    sender: random(8),
    seq: 1,
    msgId: random(16),
    prev: NO_PREVIOUS,
    seenSeq: 0,
    seenHead: await headZero(keys.conv, SHARED_LOG),
  };
  const body = textContent("self-test");
  return equal(await openEnvelope(again, await seal(secret, header, body)), body);
}
