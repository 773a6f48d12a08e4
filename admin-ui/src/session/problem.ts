/** What went wrong, as the panel says it: the server's own words, its code, and the request to quote. */
import { PlinthError, type FieldError } from '@plinth/client';

export interface ShownProblem {
  title: string;
  detail: string;
  /** `412 precondition_failed, 0198c1ea-…`: what support can search for. */
  reference: string;
  status: number;
  code: string;
  requestId: string;
  errors: readonly FieldError[];
}

/** Any thrown thing as a problem. What is not the server's is a fault of this panel, and says so. */
export function problemOf(error: unknown): ShownProblem {
  if (!(error instanceof PlinthError)) return faultOf(error);
  const { status, code, problem, errors } = error;
  const requestId = error.requestId ?? '';
  if (error.isNetwork) {
    return {
      title: 'The server did not answer',
      detail: 'Check that it runs and that this machine is online, then try again.',
      reference: 'no answer',
      status,
      code,
      requestId,
      errors,
    };
  }
  const title = problem.title ?? code;
  return {
    title,
    detail: problem.detail && problem.detail !== title ? problem.detail : '',
    reference: [`${status} ${code}`, requestId].filter(Boolean).join(', '),
    status,
    code,
    requestId,
    errors,
  };
}

function faultOf(error: unknown): ShownProblem {
  return {
    title: 'The panel failed',
    detail: error instanceof Error ? error.message : String(error),
    reference: 'panel',
    status: 0,
    code: 'panel',
    requestId: '',
    errors: [],
  };
}

/** The messages for one place of the body: `/email`, or everything below `/schema/properties/title`. */
export function messageAt(problem: ShownProblem | null, pointer: string): string | null {
  const hits = problem?.errors.filter((error) => error.pointer === pointer || error.pointer.startsWith(`${pointer}/`));
  return hits?.length ? hits.map((hit) => hit.message).join(' ') : null;
}
