import { PlinthError } from '@plinth/client';
import { describe, expect, it } from 'vitest';
import { faultOf, isFilterFault } from './fault';

describe('faultOf', () => {
  it('turns characters into the editor’s units', () => {
    const source = '"😀" == bodi';
    const fault = faultOf({ position: 7, end: 11 }, source);
    expect(source.slice(fault?.from, fault?.to)).toBe('bodi');
  });

  it('marks one place where there is no end, and none without a position', () => {
    expect(faultOf({ position: 2 }, 'abc')).toEqual({ from: 2, to: 3 });
    expect(faultOf({}, 'abc')).toBeNull();
  });
});

describe('isFilterFault', () => {
  it('tells the filter from the other parameters', () => {
    expect(isFilterFault(new PlinthError({ status: 400, code: 'invalid_filter' }))).toBe(true);
    expect(isFilterFault(new PlinthError({ status: 400, code: 'unknown_field', position: 0 }))).toBe(true);
    expect(isFilterFault(new PlinthError({ status: 400, code: 'unknown_field' }))).toBe(false);
    expect(isFilterFault(new PlinthError({ status: 500, code: 'internal' }))).toBe(false);
    expect(isFilterFault(new Error('x'))).toBe(false);
  });
});
