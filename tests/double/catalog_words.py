"""The words that catalogs are made of."""

NETWORKS = {
    "Instagram": "📸",
    "TikTok": "🎵",
    "YouTube": "▶️",
    "Facebook": "📘",
    "Telegram": "✈️",
    "X / Twitter": "🐦",
    "Spotify": "🎧",
    "Threads": "🧵",
    "LinkedIn": "💼",
    "Discord": "👾",
    "Twitch": "🟣",
    "SoundCloud": "☁️",
    "Reddit": "👽",
    "Pinterest": "📌",
    "Website": "🌐",
}
GOODS = {
    "Instagram": ("Followers", "Likes", "Views", "Reels Views", "Story Views", "Saves", "Comments"),
    "TikTok": ("Followers", "Likes", "Views", "Shares", "Saves", "Live Views"),
    "YouTube": ("Subscribers", "Views", "Likes", "Watch Time", "Shorts Views", "Live Viewers"),
    "Facebook": ("Page Likes", "Post Likes", "Followers", "Video Views", "Group Members"),
    "Telegram": ("Members", "Post Views", "Reactions", "Premium Members"),
    "X / Twitter": ("Followers", "Likes", "Retweets", "Impressions"),
    "Spotify": ("Plays", "Followers", "Monthly Listeners", "Saves"),
    "Threads": ("Followers", "Likes"),
    "LinkedIn": ("Followers", "Post Likes", "Connections"),
    "Discord": ("Members", "Online Members"),
    "Twitch": ("Followers", "Live Viewers", "Clip Views"),
    "SoundCloud": ("Plays", "Likes", "Followers"),
    "Reddit": ("Upvotes", "Members"),
    "Pinterest": ("Followers", "Repins"),
    "Website": ("Traffic",),
}
EMOJI = ("⚡", "🔥", "♻️", "⭐", "🚀", "💎", "✅", "⛔", "🆕", "⚡🔥", "⭐♻️", "💧", "🇺🇸", "🇧🇷", "🥇")
QUALITIES = ("Real", "HQ", "Mixed", "Old Accounts", "Bots", "Non Drop", "Low Drop", "Active")
SPEEDS = ("500/Day", "1K/Day", "5K/Day", "20K/Day", "50K/Day", "100K/Day", "1M/Day")
START_TIMES = ("Instant", "0-15 Minutes", "0-1 Hour", "0-6 Hours", "0-24 Hours")
NOISE = (
    "Likes &amp; Views",
    "Fast &amp; Cheap",
    "R&amp;amp;B Accounts",
    "No Password &#039;Needed&#039;",
    "«بدون ريزش»",
)
