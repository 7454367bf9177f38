"""Everything here that is English. Another language is another module like this one (and another stemmer and model)."""

STOP_WORDS = frozenset(
    """a about above after again against all also am an and any are aren't as at be because been before being below
    between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each few for
    from further had hadn't has hasn't have haven't having he her here hers herself him himself his how i if in into is
    isn't it it's its itself just let's me more most my myself no nor not of off on once only or other our ours
    ourselves out over own s same she should shouldn't so some such t than that that's the their theirs them themselves
    then there these they this those through to too under until up us very was wasn't we were weren't what what's when
    where which while who whom whose why will with won't would wouldn't you your yours yourself yourselves""".split()
)
"""Words left out of a question."""

REQUEST_WORDS = frozenset(
    """forget delete erase remove clear purge please everything anything something memory memories memorised memorized
    remember remembered information info data details stuff things thing mention mentions mentioned related relating
    concerning regarding involving everyone said told know knows ever""".split()
)
"""Words with which something is asked to be forgotten, that say nothing of what."""

PAST_WORDS = frozenset(
    "was were did had when before previously originally earlier former formerly first old ago used".split()
)
"""A question with one of these asks how things were, or when something happened."""

GREETINGS = ("hey", "hi", "hello", "thanks", "thank you", "dear", "bye")
"""Before a name they show that it is a person's, one who is spoken to: "hey Ana"."""

WHEN_STARTS = ("when", "how long", "what year", "what month", "what date", "what day", "which year", "which month")
"""A question that begins so asks for a time."""

TIME_WORDS = frozenset(
    """yesterday today tonight tomorrow last next ago since recently week weeks weekend month months year years monday
    tuesday wednesday thursday friday saturday sunday january february march april may june july august september
    october november december""".split()
)
"""A memory with one of these says when something was, is or will be."""

MONTHS = "january february march april may june july august september october november december".split()

SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11), "winter": (12, 2)}
"""First and last month, in the north."""

PRESENT_WORDS = frozenset("now currently today nowadays lately still again already since these days right just".split())
"""Say that a statement is about the present, and nothing else."""

FRAME_WORDS = frozenset(
    "a an the is are am was were be been to of in on at by for with my our your his her their".split()
)
"""May differ between two wordings of one statement."""

STATE_VERBS = frozenset(
    """is are am i'm it's we're that's live lives work works run runs use uses need needs sit sits go goes take takes
    drive drives listen listens support supports target targets log logs store stores keep keeps deploy deployed built
    formatted hosted stored tracked cached released bundled called named set prefer prefers stay stays start starts
    follow follows require requires point points belong belongs cost costs pay pays
    wear wears build builds get gets""".split()
)
"""Say how things are: a later value takes the place of an earlier one."""

SHARED_VERBS = frozenset("use uses support supports need needs keep keeps store stores".split())
"""Of these several values can hold at once, unless the statement gives the value a role: "as my phone"."""

UNIQUE_WORDS = frozenset(
    "favourite favorite main primary default current maximum minimum only usual best emergency".split()
)
"""There is one of what is so called."""

SWITCH_WORDS = frozenset("on off enabled disabled true false yes no open closed".split())

EVENT_VERBS = frozenset(
    """visited visit went saw met read reading watched watching bought ate ran swam finished started learned learnt
    tried made wrote played heard was were did took got gave found won lost had""".split()
)
"""Tell what happened: nothing later makes it untrue."""

ADDING_WORDS = EVENT_VERBS | frozenset(
    """like likes love loves enjoy enjoys hate hates adore has have know knows owns speak speaks allergic also too
    another both second other""".split()
)
"""Events, likings and possessions: a later one stands beside an earlier one."""

HEDGES = frozenset("if could might would maybe perhaps should wish imagine suppose said says told".split())
"""A wish, a condition or a report of what somebody said is no statement of how things are."""

DISMISSALS = (
    "left", "quit", "dropped", "cancelled", "canceled", "sold", "closed", "replaced", "swapped", "retired", "removed",
    "abandoned", "renamed", "ditched", "deprecated", "stopped", "ripped out", "moved off", "moved away from",
    "gave up", "got rid of", "no longer", "no more", "instead of", "rather than", "in place of", "away from",
    "used to be",
)  # fmt: skip
"""What follows is set aside: "left A", "B instead of A"."""

ENDINGS = ("died", "is gone", "fell through", "is dead", "has gone", "broke down", "is over")
"""What stands before is set aside: "A fell through"."""

CLAUSE_ENDS = frozenset(". , ; : ! ? ( ) for in on of over with by and but so because until at as".split())
