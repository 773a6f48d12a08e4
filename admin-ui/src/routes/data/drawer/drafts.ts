/** Edits whose drawer went before they were saved, as by Back. They wait here, as long as the page lives. */
import type { Draft } from './form.svelte';

const drafts = new Map<string, Draft>();

/** Keeps the edits of a record. */
export function keepDraft(collection: string, id: string, draft: Draft): void {
  drafts.set(`${collection}/${id}`, draft);
}

/** Takes the kept edits of a record, if there are any. */
export function takeDraft(collection: string, id: string): Draft | undefined {
  const key = `${collection}/${id}`;
  const draft = drafts.get(key);
  drafts.delete(key);
  return draft;
}
