/** Which of the shell's own layers are open. */
class Surface {
  palette = $state(false);
  keySheet = $state(false);
  /** The phone's "More" sheet. */
  more = $state(false);
}

/** Palette, key sheet and the phone's sheet. */
export const surface = new Surface();
