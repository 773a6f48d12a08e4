import Braces from '@lucide/svelte/icons/braces';
import type { Route } from '../../router/route';

export const routes: Route[] = [
  {
    path: '/schema',
    title: () => 'Schema',
    load: () => import('./SchemaIndex.svelte'),
    nav: { label: 'Schema', icon: Braces, keys: 'g s', order: 110, needs: 'collections' },
  },
  { path: '/schema/new', title: () => 'New collection', load: () => import('./NewCollection.svelte') },
  {
    path: '/schema/:collection',
    title: ({ collection = '' }) => `Schema of ${collection}`,
    load: () => import('./SchemaScreen.svelte'),
  },
];
