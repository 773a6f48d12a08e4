import type { Route } from '../../router/route';

export const routes: Route[] = [
  {
    path: '/data/:collection',
    title: ({ collection }) => collection ?? 'Data',
    load: () => import('./Records.svelte'),
    keyed: ['collection'],
  },
];
