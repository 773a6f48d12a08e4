import Shield from '@lucide/svelte/icons/shield';
import type { Route } from '../../router/route';

export const routes: Route[] = [
  {
    path: '/policies',
    title: () => 'Policies',
    load: () => import('./Policies.svelte'),
    nav: { label: 'Policies', icon: Shield, keys: 'g p', order: 120, needs: 'policies' },
  },
];
