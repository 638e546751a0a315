"""Outside: CivArchive, which remembers files whose model Civitai has deleted. Off unless configured."""
