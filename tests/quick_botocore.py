"""What botocore computes for each session, client and request, and is always the same, made once.

Import it where a test makes many of them. The calls and their answers stay what they are.
"""

import functools

from botocore import hooks, loaders, useragent, utils

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
