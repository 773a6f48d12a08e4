import type { Route } from '../../router/route';

export const routes: Route[] = [
  { path: '/setup', title: () => 'Set up this server', load: () => import('./Setup.svelte'), frame: 'bare' },
];
