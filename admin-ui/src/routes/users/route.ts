import Users from '@lucide/svelte/icons/users';
import type { Route } from '../../router/route';

export const routes: Route[] = [
  {
    path: '/users',
    title: () => 'Users',
    load: () => import('./Users.svelte'),
    nav: { label: 'Users', icon: Users, keys: 'g u', order: 200, needs: 'users' },
  },
];
