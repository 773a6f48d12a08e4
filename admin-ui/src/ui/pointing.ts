/**
 * Whether a pointer chooses the line it is over. A list that opens, scrolls or is narrowed beneath a resting pointer
 * makes the browser report that pointer too; it must not take the choice away from the keyboard.
 */
export function pointing(): (event: PointerEvent) => boolean {
  let last: string | undefined;
  return ({ clientX, clientY }) => {
    const place = `${clientX} ${clientY}`;
    const moved = last !== undefined && last !== place;
    last = place;
    return moved;
  };
}
