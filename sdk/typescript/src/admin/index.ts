import type { Client } from '../client.js';
import type { SchemaShape } from '../schema.js';
import { type Collections, collections } from './collections.js';
import { type Policies, policies } from './policies.js';
import { type Roles, roles } from './roles.js';
import { type Setup, setup } from './setup.js';
import { type Users, users } from './users.js';

export type { ApplyOptions, CollectionDefinition, CollectionInput, Collections, IndexDefinition, JsonSchema, Plan, PlanStep, PlanStepKind } from './collections.js';
export type { Action, ConditionPart, Explanation, Held, Policies, Question, Rule, RuleInput, RuleVerdict, Rules } from './policies.js';
export type { Member, RoleSummary, Roles } from './roles.js';
export type { Setup } from './setup.js';
export type { ManagedUser, UserChange, UserPage, Users } from './users.js';

/** What administrators do, through a client that is signed in as one. */
export interface Admin<S extends SchemaShape> {
  readonly collections: Collections;
  readonly policies: Policies;
  readonly users: Users;
  readonly roles: Roles;
  readonly setup: Setup<S>;
  /** The TypeScript types of all collections, as `plinth types --lang ts` prints them. */
  types(): Promise<string>;
}

/** The administration of the server that `client` is connected to. */
export function createAdmin<S extends SchemaShape>(client: Client<S>): Admin<S> {
  const { request } = client;
  return {
    collections: collections(request),
    policies: policies(request),
    users: users(request),
    roles: roles(request),
    setup: setup(client),
    types: async () => (await request<string>('GET', '/types/typescript')).body,
  };
}
