"""What botocore computes for each session, client and request, and is always the same, made once.

Import it where a test makes many of them. The calls and their answers stay what they are.
"""

import functools
import inspect

from botocore import client, hooks, loaders, regions, useragent, utils

# Each of a thousand sessions would read the descriptions of the services from their files.
loaders.create_loader = functools.cache(loaders.create_loader)
# Each request would look at every letter of the name of its program.
useragent.sanitize_user_agent_string_component = functools.lru_cache(4096)(
    useragent.sanitize_user_agent_string_component
)
# Each of a thousand keys in a list would have its time parsed, which is mostly the same.
utils._parse_timestamp_with_tzinfo = functools.lru_cache(4096)(utils._parse_timestamp_with_tzinfo)
# Each client would look for the names of the same hundred events.
_aliases = vars(hooks.EventAliaser(hooks.HierarchicalEmitter()))
_init = hooks.EventAliaser.__init__


def _init_with_names(self, *arguments, **named):
    _init(self, *arguments, **named)
    if self._event_aliases == _aliases["_event_aliases"]:
        self._alias_name_cache = _aliases["_alias_name_cache"]


hooks.EventAliaser.__init__ = _init_with_names


def _once(owner, name):
    """Make the method `name` answer each question once for all instances of `owner`."""
    method, answers = getattr(owner, name), {}

    def answer(self, *question):
        if question not in answers:
            answers[question] = method(self, *question)
        return answers[question]

    setattr(owner, name, answer)


# Each client would make a model and a class with a hundred methods of the same description.
_once(client.ClientCreator, "_load_service_model")
_once(client.ClientCreator, "_create_client_class")
_plain_provider = regions.EndpointProvider
_providers = {}


def _provider(ruleset_data, partition_data, excluded_params=None):
    known = id(ruleset_data), id(partition_data)
    if known not in _providers:
        made = _plain_provider(ruleset_data, partition_data, excluded_params)
        _providers[known] = made, ruleset_data, partition_data  # so their ids stay theirs
    return _providers[known][0]


# Each client would build the tree of the rules for its endpoints.
regions.EndpointProvider = _provider
_accepts_kwargs = hooks.accepts_kwargs


def _has_double_star(function):
    code = getattr(function, "__code__", None)
    return code.co_flags & inspect.CO_VARKEYWORDS if code else _accepts_kwargs(function)


# Each session would have the signatures of the same hundred handlers taken apart.
hooks.accepts_kwargs = _has_double_star


def _copied(self, node):
    return {
        name: hooks.NodeList(*map(list, value))
        if type(value) is hooks.NodeList
        else _copied(self, value)
        if type(value) is dict
        else value
        for name, value in node.items()
    }


# Each client copies some four hundred handlers; copy.copy() asks each list how to be copied.
hooks._PrefixTrie._recursive_copy = _copied
