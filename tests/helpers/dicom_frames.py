"""Small DICOM frames: such as a page can read, and such as it must refuse."""

import numpy as np
import pydicom


def frame(**changes):
    """A small DICOM frame of 12 bits, after a nested sequence of unknown length."""
    made = pydicom.Dataset()
    made.file_meta = pydicom.dataset.FileMetaDataset()
    made.file_meta.TransferSyntaxUID = changes.pop("syntax", pydicom.uid.ExplicitVRLittleEndian)
    made.SOPClassUID, made.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", "1.2.3"
    inner = pydicom.Dataset()
    inner.Rows = 7  # not the frame's own
    inner.PurposeOfReferenceCodeSequence = [pydicom.Dataset()]
    made.ReferencedImageSequence = [inner]
    made["ReferencedImageSequence"].is_undefined_length = True
    made.Rows, made.Columns, made.SamplesPerPixel = 150, 130, 1
    made.PhotometricInterpretation, made.PixelRepresentation = "MONOCHROME2", 1
    made.BitsAllocated, made.BitsStored, made.HighBit = 16, 12, 11
    made.PixelSpacing = [1.25, 1.5]
    rng = np.random.default_rng(0)
    made.PixelData = rng.integers(-2048, 2048, (150, 130), np.int16).tobytes()
    for name, value in changes.items():
        setattr(made, name, value)
    return made


FRAMES = {
    "explicit": {},
    "implicit": {"syntax": pydicom.uid.ImplicitVRLittleEndian},
    "rescaled": {"RescaleSlope": "0.5", "RescaleIntercept": "-100"},
    "inverted": {"PhotometricInterpretation": "MONOCHROME1"},
    "unsigned": {"PixelRepresentation": 0, "BitsStored": 16, "HighBit": 15},
    "8 bits": {"PixelRepresentation": 0, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7,
               "PixelData": bytes(range(130)) * 150},
}  # fmt: skip

REFUSED = {
    "compressed": ({"syntax": pydicom.uid.RLELossless}, "compressed"),
    "colour": ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "grey image, found RGB"),
    "several": ({"NumberOfFrames": 2}, "one frame, found 2"),
    "32 bits": ({"BitsAllocated": 32}, "8 or 16 bits a pixel, found 32"),
    "long": ({"PixelData": bytes(2 * 2 * 150 * 130)}, "one frame, found more"),
    "no bits": ({"BitsStored": 0}, "0 of 16 bits count"),
    "short": ({"PixelData": bytes(8)}, "fewer pixels than its header says"),
    "no slope": ({"RescaleSlope": "0", "RescaleIntercept": "1"}, "rescales intensities by 0"),
}
