/** What can go wrong. Neither error ever holds bytes, text or the reason below it. */

/** These bytes are not what they claim to be. */
export class Malformed extends Error {
  override readonly name: string = "Malformed";
}

/** It does not open. There is one such error, so that nobody learns why. */
export class CannotOpen extends Error {
  override readonly name = "CannotOpen";

  constructor() {
    super("cannot be opened");
  }
}
