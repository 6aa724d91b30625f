/** Two soft tones when somebody needs a colleague. On the desk only; a visitor's page never makes a sound. */

import { signal } from "@preact/signals";

/** For as long as this page lives: nothing is stored. */
export const quiet = signal(false);

let context: AudioContext | undefined;

/** Browsers let a page sound after somebody touched it: signing in is that touch. */
export function arm(): void {
  context ??= new AudioContext();
  void context.resume().catch(() => {});
}

function tone(audio: AudioContext, pitch: number, at: number): void {
  const [oscillator, gain] = [audio.createOscillator(), audio.createGain()];
  oscillator.frequency.value = pitch;
  // Up and down again, or it clicks.
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(0.25, at + 0.03);
  gain.gain.linearRampToValueAtTime(0, at + 0.35);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.4);
}

export function chime(): void {
  if (quiet.value || context === undefined) return;
  tone(context, 587, context.currentTime);
  tone(context, 784, context.currentTime + 0.3);
}
