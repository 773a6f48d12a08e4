/** What the head of the rail says of this server: its address, and whether it is this machine. */

interface ServerPlace {
  /** `127.0.0.1:8080`, as the address bar has it. */
  host: string;
  local: boolean;
}

/** Where the panel is served from. */
export function serverPlace({ hostname, host }: { hostname: string; host: string }): ServerPlace {
  const local = hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127\./.test(hostname);
  return { host, local };
}
