"""A recording: one piece of music, news or station sound, ready to be played."""

from dataclasses import dataclass

from zones.media_time import Sample
from zones.sound import PcmId


@dataclass(frozen=True, slots=True)
class Recording:
    """What the library knows of one imported file.

    Raises:
        ValueError: the cue points do not lie inside the recording, in order.
    """

    id: str
    """Stable name within the library; equal sound under another title is another recording."""
    title: str
    artist: str
    album: str
    pcm: PcmId
    length: Sample
    """Of the stored PCM, in samples."""
    cue_in: Sample
    """Where the sound begins: what lies before is silence."""
    cue_out: Sample
    """Where the sound has ended."""
    gain_db: float
    """To be applied to the PCM so that it plays at the station's loudness."""
    loudness_lufs: float | None = None
    """Integrated loudness of the stored PCM (EBU R128); None if it is too quiet to tell."""
    true_peak_dbtp: float | None = None
    """Highest true peak of the stored PCM, dB relative to full scale (ITU-R BS.1770 annex 2)."""

    def __post_init__(self) -> None:
        """Refuse cue points that would play nothing, or something else."""
        if not 0 <= self.cue_in < self.cue_out <= self.length:
            raise ValueError(
                f"recording {self.id!r}: cue points {self.cue_in} and {self.cue_out} must lie in "
                f"order within its {self.length} samples"
            )

    @property
    def playing_length(self) -> Sample:
        """Samples between the cue points."""
        return self.cue_out - self.cue_in
