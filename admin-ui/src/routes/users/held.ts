/** The roles of an account: those it was given, and those that come with them. */

export interface HeldRole {
  role: string;
  /** Given to the account itself, so it can be taken away. */
  direct: boolean;
}

/** Every account has these; nobody is given them. */
export const everybodys = ['public', 'user'];

/** The roles of an account out of all it has and the members of each. */
export function heldRoles(id: string, roles: readonly string[], members: Readonly<Record<string, readonly string[]>>): HeldRole[] {
  const held = roles.map((role) => ({ role, direct: members[role]?.includes(`user:${id}`) ?? false }));
  return held.toSorted((a, b) => Number(b.direct) - Number(a.direct) || (a.role < b.role ? -1 : 1));
}
