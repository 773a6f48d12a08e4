import type { Route } from '../../router/route';

export const routes: Route[] = [
  { path: '/sign-in', title: () => 'Sign in', load: () => import('./SignIn.svelte'), frame: 'bare' },
];
