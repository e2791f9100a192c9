"""The platforms that services are sold for: their hosts, and what their addresses lead to.

Knows no database. A platform that is missing here only means that nothing is said about its links.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

from lib.folded_text import folded

Target = Literal["profile", "post", ""]  # "" where the address does not tell


@dataclass(frozen=True, slots=True)
class Platform:
    """One platform. `words` name it in services; `posts` match path and query of its posts."""

    name: str
    words: str
    hosts: tuple[str, ...]  # with their subdomains; the first one is shown to people
    posts: str = ""
    profiles: str = ""
    short_hosts: tuple[str, ...] = ()  # of its share links, which do not tell what they lead to


PLATFORMS: Final = (
    Platform(
        "Instagram", r"instagram|insta|ig", ("instagram.com", "instagr.am"),
        posts=r"/([\w.]+/)?(p|reel|reels|tv)/[\w-]+", profiles=r"/[\w.]+/?$", short_hosts=("ig.me",),
    ),
    Platform(
        "TikTok", r"tik ?tok|tt", ("tiktok.com",),
        posts=r"/@[\w.-]+/(video|photo)/\d+", profiles=r"/@[\w.-]+/?$",
        short_hosts=("vm.tiktok.com", "vt.tiktok.com"),
    ),
    Platform(
        "YouTube", r"you ?tube|yt", ("youtube.com", "youtu.be"),
        posts=r"/(watch\?(.*&)?v=|shorts/|live/)[\w-]+", profiles=r"/(@|c/|channel/|user/)[^/]+/?$",
    ),
    Platform(
        "Facebook", r"facebook|fb", ("facebook.com", "fb.com"),
        posts=r"/(.+/(posts|videos)/|(watch/?|photo(\.php)?/?|story\.php)\?|reel/\d)",
        short_hosts=("fb.watch", "fb.me"),
    ),
    Platform(
        "Telegram", r"telegram|tg", ("t.me", "telegram.me", "telegram.dog"),
        posts=r"/(c/)?\w+/\d+", profiles=r"/(\+[\w-]+|joinchat/[\w-]+|\w+)/?$",
    ),
    Platform(
        "X", r"twitter|tweets?", ("x.com", "twitter.com"),
        posts=r"/\w+/status/\d+", profiles=r"/\w+/?$", short_hosts=("t.co",),
    ),
    Platform(
        "Threads", r"threads", ("threads.com", "threads.net"),
        posts=r"/@[\w.]+/post/[\w-]+", profiles=r"/@[\w.]+/?$",
    ),
    Platform("Spotify", r"spotify", ("spotify.com", "spotify.link")),
    Platform("LinkedIn", r"linked ?in", ("linkedin.com", "lnkd.in")),
    Platform("Discord", r"discord", ("discord.gg", "discord.com")),
    Platform("Twitch", r"twitch", ("twitch.tv",)),
    Platform("SoundCloud", r"sound ?cloud", ("soundcloud.com",)),
    Platform("Reddit", r"reddit", ("reddit.com", "redd.it")),
    Platform("Pinterest", r"pinterest", ("pinterest.com", "pin.it", "pinterest.*")),
    Platform("WhatsApp", r"whats ?app", ("whatsapp.com", "wa.me")),
    Platform("Snapchat", r"snap ?chat", ("snapchat.com",)),
    Platform("VK", r"vk|vkontakte", ("vk.com", "vk.ru")),
    Platform("Kick", r"kick", ("kick.com",)),
)  # fmt: skip
# Sold for any address, whatever platform the name also mentions
ANYWHERE: Final = re.compile(r"\b(traffic|web ?sites?|seo|backlinks?|visitors)\b")
OF_PROFILES: Final = re.compile(r"\b(followers?|subscribers?|members?|page likes)\b")
OF_POSTS: Final = re.compile(r"\b(likes?|comments?|saves?|shares?|reposts?|retweets?)\b")
# Their links may lead to either
OF_EITHER: Final = re.compile(r"\b(auto|live|story|stories|page|profile|channel|comment likes?)\b")
BARE_ADDRESS: Final = re.compile(r"(?i)[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(:\d+)?(?=[/?#]|$)")


def named_in(text: str) -> tuple[Platform, ...]:
    """The platforms that a service or category names; none where it is sold for any site."""
    plain = folded(text)
    if ANYWHERE.search(plain):
        return ()
    return tuple(one for one in PLATFORMS if _named(one, plain))


def _named(platform: Platform, plain: str) -> bool:
    return re.search(rf"(?<![a-z0-9])(?:{platform.words})(?![a-z0-9])", plain) is not None


def target_of_service(name: str) -> Target:
    """What the links of a service lead to, by its name."""
    plain = folded(name)
    if OF_PROFILES.search(plain):
        return "profile"
    return "post" if OF_POSTS.search(plain) and not OF_EITHER.search(plain) else ""


def address_of(link: str) -> SplitResult | None:
    """The parts of a web address, also of one without a scheme; None where it is none."""
    if not link.lower().startswith(("http://", "https://")):
        if not BARE_ADDRESS.match(link):
            return None
        link = f"https://{link}"
    try:
        parts = urlsplit(link)
        host = parts.hostname or ""
    except ValueError:
        return None
    return parts if "." in host.strip(".") and not re.search(r"\s", host) else None


def host_of(parts: SplitResult) -> str:
    """The host without www and m, as rules name it."""
    host = (parts.hostname or "").rstrip(".").lower()
    return re.sub(r"^(www|m|mobile)\.", "", host)


def is_at(host: str, hosts: frozenset[str] | tuple[str, ...]) -> bool:
    """Whether a host is one of these, or below one. "pinterest.*" stands for every ending."""
    return any(
        host == one
        or host.endswith(f".{one}")
        or (one.endswith(".*") and f".{host}".find(f".{one[:-1]}") >= 0)
        for one in hosts
    )


def target_of_address(parts: SplitResult) -> Target:
    """Whether an address leads to a profile or to a post, where its platform is known."""
    host = host_of(parts)
    if host == "youtu.be":
        return "post" if len(parts.path) > 1 else ""
    for platform in PLATFORMS:
        if is_at(host, platform.short_hosts) or not is_at(host, platform.hosts):
            continue
        where = f"{parts.path}?{parts.query}" if parts.query else parts.path
        if platform.posts and re.match(platform.posts, where):
            return "post"
        if platform.profiles and re.match(platform.profiles, parts.path):
            return "profile"
    return ""
