/** The search box of the matrix: one text for rows and columns. */

/** What is left of roles and collections; a text that names none of one leaves all of it. */
export function filtered<R extends { name: string }, D extends { name: string }>(text: string, roles: readonly R[], definitions: readonly D[]): { roles: readonly R[]; definitions: readonly D[]; matches: boolean } {
  const wanted = text.trim().toLowerCase();
  const fits = ({ name }: { name: string }) => name.toLowerCase().includes(wanted);
  const [someRoles, someDefinitions] = [roles.filter(fits), definitions.filter(fits)];
  const matches = someRoles.length > 0 || someDefinitions.length > 0;
  // "users" is a collection before it is the role "user" with an s.
  const exact = definitions.some(({ name }) => name.toLowerCase() === wanted);
  return {
    roles: someRoles.length > 0 && !exact ? someRoles : roles,
    definitions: someDefinitions.length > 0 ? someDefinitions : definitions,
    matches,
  };
}
