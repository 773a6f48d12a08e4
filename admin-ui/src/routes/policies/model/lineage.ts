/** Who inherits from whom. Links are what is stored; every account is a `user` besides, and every `user` is `public`. */

/** The roles that a role inherits directly. */
export type Links = ReadonlyMap<string, readonly string[]>;

/** The role and all it inherits, the nearest first. */
export function lineageOf(role: string, links: Links): string[] {
  const found = [role];
  for (const next of found) {
    for (const parent of links.get(next) ?? []) if (!found.includes(parent)) found.push(parent);
  }
  // Whoever has a role has an account.
  const always = role === 'public' ? [] : ['user', 'public'];
  const own = found.filter((name) => name === role || !always.includes(name));
  return [...own, ...always.filter((name) => name !== role)];
}

/** Links out of the members of each role: `editor` inherits `user` where `role:editor` is a member of `user`. */
export function linksOf(members: Readonly<Record<string, readonly string[]>>): Links {
  const links = new Map<string, string[]>();
  for (const [parent, all] of Object.entries(members)) {
    for (const member of all) {
      if (!member.startsWith('role:')) continue;
      const child = member.slice(5);
      links.set(child, [...(links.get(child) ?? []), parent]);
    }
  }
  return links;
}

/** Whether `role` could inherit `parent` without inheriting itself. */
export function mayInherit(role: string, parent: string, links: Links): boolean {
  return role !== parent && !lineageOf(parent, links).includes(role);
}

/** `public`, `user`, then the others by name. Administrators may do everything, so they have no column. */
export function inOrder(roles: readonly string[]): string[] {
  const first = ['public', 'user'];
  const others = roles.filter((role) => !first.includes(role) && role !== 'admin');
  return [...first, ...others.toSorted()];
}
