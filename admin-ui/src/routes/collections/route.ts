import Database from '@lucide/svelte/icons/database';
import type { Route } from '../../router/route';

export const routes: Route[] = [
  {
    path: '/data',
    title: () => 'Collections',
    load: () => import('./Collections.svelte'),
    nav: { label: 'Data', icon: Database, keys: 'g d', order: 100, needs: 'collections' },
  },
];
