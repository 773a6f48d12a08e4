/** What the palette offers for a text. */
import Database from '@lucide/svelte/icons/database';
import FileSearch from '@lucide/svelte/icons/file-search';
import Keyboard from '@lucide/svelte/icons/keyboard';
import LogOut from '@lucide/svelte/icons/log-out';
import Plus from '@lucide/svelte/icons/plus';
import SunMoon from '@lucide/svelte/icons/sun-moon';
import User from '@lucide/svelte/icons/user';
import type { CollectionDefinition } from '@plinth/client/admin';
import { find } from '../routes';
import type { Glyph } from '../ui/icon';
import { counted } from '../ui/number';
import { menu } from './menu';

export interface PaletteEntry {
  key: string;
  label: string;
  icon: Glyph;
  note?: string;
  keys?: string;
  href?: string;
  run?: () => void;
}

interface PaletteGroup {
  name: string;
  entries: PaletteEntry[];
}

/** The shell's own actions. */
interface PaletteActions {
  keys: () => void;
  theme: () => void;
  signOut: () => void;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const MOST_COLLECTIONS = 12;

/** Groups of entries whose label holds `text`; all that is common for an empty one. */
export function entriesFor(
  text: string,
  collections: CollectionDefinition[],
  rows: Record<string, number>,
  actions: PaletteActions,
): PaletteGroup[] {
  const wanted = text.trim().toLowerCase();
  const hit = (entry: PaletteEntry) => entry.label.toLowerCase().includes(wanted);
  const groups: PaletteGroup[] = [
    { name: 'Records', entries: UUID.test(wanted) ? recordEntries(wanted, collections) : [] },
    { name: 'Collections', entries: collectionEntries(collections, rows).filter(hit).slice(0, MOST_COLLECTIONS) },
    { name: 'Screens', entries: screenEntries().filter(hit) },
    { name: 'Actions', entries: [...schemaEntries(wanted, collections), ...actionEntries(actions)].filter(hit) },
  ];
  return groups.filter((group) => group.entries.length > 0);
}

/** An id does not say where it lives, so each collection is a choice; the screen says when it is not there. */
function recordEntries(id: string, collections: CollectionDefinition[]): PaletteEntry[] {
  return collections.map(({ name }) => ({
    key: `record ${name}`,
    label: `…${id.slice(-6)} in ${name}`,
    icon: FileSearch,
    href: `/data/${name}?record=${id}`,
  }));
}

function collectionEntries(collections: CollectionDefinition[], rows: Record<string, number>): PaletteEntry[] {
  return collections.map(({ name, system }) => {
    const count = rows[name];
    return {
      key: `collection ${name}`,
      label: name,
      icon: system ? User : Database,
      href: `/data/${name}`,
      ...(count !== undefined && { note: counted(count, 'row') }),
    };
  });
}

function screenEntries(): PaletteEntry[] {
  return menu().map((entry) => ({
    key: `screen ${entry.path}`,
    label: entry.label,
    icon: entry.icon,
    keys: entry.keys,
    href: entry.path,
  }));
}

/** "Schema of messages" and the like, only for collections that the text names. */
function schemaEntries(wanted: string, collections: CollectionDefinition[]): PaletteEntry[] {
  if (!wanted) return [];
  const screens = [
    ['/schema', 'Schema of'],
    ['/policies', 'Policies of'],
  ] as const;
  return screens.flatMap(([path, words]) => {
    const screen = menu().find((entry) => entry.path === path);
    if (!screen) return [];
    return collections
      .filter(({ name }) => `${words} ${name}`.toLowerCase().includes(wanted))
      .slice(0, 4)
      .map(({ name }) => ({
        key: `${path} ${name}`,
        label: `${words} ${name}`,
        icon: screen.icon,
        href: find(`${path}/${name}`) ? `${path}/${name}` : `${path}?collection=${name}`,
      }));
  });
}

function actionEntries(actions: PaletteActions): PaletteEntry[] {
  return [
    ...(menu().some(({ path }) => path === '/schema')
      ? [{ key: 'new', label: 'New collection', icon: Plus, href: '/schema/new' }]
      : []),
    { key: 'theme', label: 'Switch light and dark', icon: SunMoon, keys: 'g t', run: actions.theme },
    { key: 'keys', label: 'Keyboard shortcuts', icon: Keyboard, keys: '?', run: actions.keys },
    { key: 'out', label: 'Sign out', icon: LogOut, run: actions.signOut },
  ];
}
