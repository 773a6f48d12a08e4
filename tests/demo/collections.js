/** The collections of the demo, in the order in which relations need them. */

const relation = (collection, more = {}) => ({ type: 'string', 'x-relation': { collection, onDelete: 'cascade' }, ...more });
const amount = (more = {}) => ({ type: 'number', ...more });
const count = (more = {}) => ({ type: 'integer', ...more });
const date = { type: 'string', format: 'date-time' };
const object = (required, properties, description) => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', description, required, properties,
});

export const collections = [
  { name: 'distributors', schema: object(['name'], { name: { type: 'string', 'x-unique': true } }, 'Who brought a movie to the cinemas.') },
  {
    name: 'movies',
    schema: object([], {
      title: { type: 'string', maxLength: 200 },
      distributor: relation('distributors', { 'x-relation': { collection: 'distributors', onDelete: 'setNull' } }),
      releasedAt: date,
      rating: { type: 'string', title: 'MPAA rating' },
      genre: { type: 'string' },
      director: { type: 'string' },
      minutes: count({ minimum: 1 }),
      budget: count({ minimum: 0 }),
      usGross: count({ minimum: 0 }),
      worldwideGross: count({ minimum: 0 }),
      imdb: amount({ minimum: 0, maximum: 10 }),
      votes: count({ minimum: 0 }),
      tomatoes: count({ minimum: 0, maximum: 100 }),
    }, 'Movies with what they cost, earned and were thought of.'),
    indexes: [{ fields: ['genre', '-imdb'] }],
  },
  {
    name: 'cars',
    schema: object(['name', 'origin', 'madeAt'], {
      name: { type: 'string' },
      origin: { enum: ['USA', 'Europe', 'Japan'] },
      madeAt: date,
      cylinders: count({ minimum: 3, maximum: 8 }),
      mpg: amount({ title: 'Miles per gallon' }),
      horsepower: count(),
      weight: count({ title: 'Weight in lbs' }),
      displacement: amount(),
      acceleration: amount(),
    }, 'Cars of the seventies.'),
    indexes: [{ fields: ['origin', 'mpg'] }],
  },
  { name: 'countries', schema: object(['name'], { name: { type: 'string', 'x-unique': true }, cluster: count() }, 'Countries, by region.') },
  {
    name: 'figures',
    schema: object(['country', 'year'], {
      country: relation('countries'),
      year: count(),
      population: count({ minimum: 0 }),
      lifeExpectancy: amount(),
      fertility: amount(),
    }, 'A country every five years.'),
    indexes: [{ fields: ['country', 'year'], unique: true }],
  },
  {
    name: 'employment',
    schema: object(['month'], {
      month: { ...date, 'x-unique': true },
      nonfarm: count(),
      privately: count({ title: 'Private' }),
      change: amount(),
      industries: { type: 'object', additionalProperties: { type: 'number' } },
    }, 'Employment in the United States, in thousands.'),
  },
  { name: 'airports', schema: object(['code'], { code: { type: 'string', pattern: '^[A-Z]{3}$', 'x-unique': true } }, 'Airports by their code.') },
  {
    name: 'flights',
    schema: object(['at', 'origin', 'destination'], {
      at: date,
      origin: relation('airports'),
      destination: relation('airports'),
      delay: count({ description: 'Minutes; less than 0 is early.' }),
      distance: count({ minimum: 0, title: 'Distance in miles' }),
    }, 'Flights within the United States in 2001.'),
    indexes: [{ fields: ['origin', '-at'] }],
  },
];
